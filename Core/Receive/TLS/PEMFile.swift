import Glibc

/// A file of certificates or of a key, read whole.
enum PEMFile {
    /// Bytes: a chain has some kilobytes.
    static let most = 1 << 20

    /// Throws `ReceiveFailure` with the file's name.
    static func read(_ path: String) throws(ReceiveFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ReceiveFailure("\(path): is no plain file") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= most {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count > 0 { bytes.append(contentsOf: chunk[..<count]) } else if errno != EINTR { throw failure(path) }
        }
        throw ReceiveFailure("\(path): is larger than \(most >> 20) MiB")
    }

    private static func failure(_ path: String) -> ReceiveFailure {
        ReceiveFailure("\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
}
