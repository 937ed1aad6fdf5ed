import Glibc
import Mail
import Synchronization

/// A large message's file while it has no name. Its kernel file goes with the last descriptor and mapping.
final class SpooledBody: SpoolFile, @unchecked Sendable {
    // Sendable: handed from the thread that writes it to the one that names it; `openReadOnly` comes from any, so closing has a lock.
    private let closing = Mutex<Void>(())

    /// -1 once it has a name: the mapping keeps the bytes.
    private var descriptor: Int32
    /// Where the file system knows no file without a name: one that the next start removes.
    private var temporary: String?
    private let folder: String
    private let space: FreeSpace
    private var size = 0

    init(folder: String, temporary: String?, space: FreeSpace) throws(StoreFailure) {
        self.folder = folder
        self.temporary = temporary
        self.space = space
        descriptor =
            temporary.map { open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
            ?? open(folder, Self.withoutName | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw BodyFiles.failure(folder) }
    }

    /// O_TMPFILE, whose macro Swift does not see.
    private static let withoutName = 0o20_000_000 | O_DIRECTORY

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if let temporary { unlink(temporary) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(StoreFailure) {
        if let refusal = space.refusal(bytes.count) { throw refusal }
        try BodyFiles.write(bytes, to: descriptor, folder)
        size += bytes.count
    }

    /// By /proc, which knows files without a name too.
    func openReadOnly() -> Int32? {
        closing.withLock { _ in
            guard descriptor >= 0 else { return nil }
            let reader = open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC)
            return reader < 0 ? nil : reader
        }
    }

    func seal() throws(StoreFailure) -> Region { try BodyFiles.map(descriptor, size: size, folder, file: self) }

    /// Gives it the name, durably but for the folder. False: it must be copied, since it has had a name before or is of another file system.
    func name(_ path: String) throws(StoreFailure) -> Bool {
        guard descriptor >= 0 else { return false }
        guard fsync(descriptor) == 0 else { throw BodyFiles.failure(path) }
        let code =
            temporary.map { link($0, path) } ?? linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
        if code != 0 {
            if errno == EXDEV { return false }
            throw BodyFiles.failure(path)
        }
        closing.withLock { _ in
            close(descriptor)
            descriptor = -1
        }
        if let temporary { unlink(temporary) }
        temporary = nil
        return true
    }
}
