import Glibc

/// The right to listen on a path in the file system: nobody else does, and what a dead gateway left there is gone.
///
/// The right is a lock (flock(2)) on the file `PATH.lock`, which the kernel drops with the process, so that two gateways that start at the
/// same moment cannot both find the other's socket stale. The lock file stays behind; it is empty.
final class SocketClaim: Sendable {
    let path: String
    private let lock: Int32

    /// Makes the folder (not its parents) with mode 0700 when it is missing. Throws `ControlFailure`.
    init(path: String) throws {
        self.path = path
        guard (1...ControlLimits.socketPath).contains(path.utf8.count) else {
            throw ControlFailure(
                .badRequest, "the control socket's path has \(path.utf8.count) bytes: \(path)",
                mend: "1 to \(ControlLimits.socketPath) are possible: set a shorter one as `control:`")
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { _ = mkdir(String(path[..<slash]), 0o700) }

        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw Self.failure("cannot make \(path).lock", mend: "make its folder, or set another `control:`") }
        do {
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw Self.taken(path) }
            try Self.clear(path)
        } catch {
            close(lock)
            throw error
        }
        self.lock = lock
    }

    deinit { close(lock) }

    /// Removes the socket; the lock goes with the last reference.
    func removeSocket() { unlink(path) }

    /// Removes a socket that nobody listens on.
    private static func clear(_ path: String) throws {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return }
            throw failure("cannot look at \(path)", mend: "set another `control:`")
        }
        guard info.st_mode & S_IFMT == S_IFSOCK else {
            throw ControlFailure(.conflict, "\(path) exists and is no socket", mend: "move it away, or set another `control:`")
        }
        if try isAnswered(path) { throw taken(path) }
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove \(path)", mend: "remove it by hand") }
    }

    private static func isAnswered(_ path: String) throws -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw failure("cannot make a socket", mend: "") }
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
        throw failure("cannot tell whether a gateway listens on \(path)", mend: "stop the other one, or set another `control:`")
    }

    private static func taken(_ path: String) -> ControlFailure {
        ControlFailure(
            .conflict, "another gateway listens on \(path)", mend: "stop it, or give this one its own `control:` and `data:`")
    }

    private static func failure(_ what: String, mend: String) -> ControlFailure {
        ControlFailure(.failed, "\(what): \(String(cString: strerror(errno)))", mend: mend)
    }
}
