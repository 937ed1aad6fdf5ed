import Glibc
import Mail

/// Keeps a second gateway out of a data folder: flock on the file `lock`, which the kernel drops with the process, however it ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(folder: String) throws(StoreFailure) {
        let path = folder + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StoreFailure(.unavailable, "\(path): \(String(cString: strerror(errno))): the data folder must be ours to write")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var bytes = [UInt8](repeating: 0, count: 32)
            let count = max(0, read(descriptor, &bytes, bytes.count))
            close(descriptor)
            let pid = String(decoding: bytes[..<count].prefix { (48...57).contains($0) }, as: UTF8.self)
            throw StoreFailure(
                .unavailable,
                "\(folder) is in use by another gateway (pid \(pid.isEmpty ? "unknown" : pid)): stop it, or set another `data:`")
        }
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        self.descriptor = descriptor
    }

    /// The folder is free for another gateway.
    func release() { _ = flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}
