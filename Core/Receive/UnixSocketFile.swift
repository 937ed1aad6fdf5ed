import Glibc

/// The file of a Unix socket that a listener is about to make.
enum UnixSocketFile {
    /// Bytes of its path: `sun_path` without its end.
    static let longestPath = 107

    /// Removes a socket that nobody listens on. Throws `ReceiveFailure` when somebody does, or when the file is something else.
    static func clear(_ path: String) throws {
        guard (1...longestPath).contains(path.utf8.count) else {
            throw ReceiveFailure(
                "\(path) has \(path.utf8.count) bytes, and the path of a socket at most \(longestPath); choose a shorter one")
        }
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return }
            throw failure("cannot look at \(path)")
        }
        guard info.st_mode & S_IFMT == S_IFSOCK else { throw ReceiveFailure("\(path) exists and is no socket; move it away") }
        guard try !isAnswered(path) else {
            throw ReceiveFailure("another program listens on it; stop it or choose another path under listen:")
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove the stale \(path)") }
    }

    /// A socket is made with the rights that the umask leaves: wider ones are given to a socket that is whole.
    static func setMode(_ mode: UInt16, of path: String) throws {
        guard chmod(path, mode_t(mode)) == 0 else { throw failure("cannot set the mode of \(path)") }
    }

    private static func isAnswered(_ path: String) throws -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw failure("cannot make a socket") }
        defer { close(probe) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        // EAGAIN: somebody listens, and has more to do than the backlog holds.
        if result == 0 || errno == EAGAIN { return true }
        if errno == ECONNREFUSED || errno == ENOENT { return false }
        throw failure("cannot tell whether somebody listens on \(path)")
    }

    private static func failure(_ what: String) -> ReceiveFailure { ReceiveFailure("\(what): \(String(cString: strerror(errno)))") }
}
