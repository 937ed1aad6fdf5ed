import Glibc
import Mail

/// The file `inflight.journal`: a header of 64 bytes (magic, the writer's pid, whether a crash was marked), then the slots. Mapped memory outlives the process that
/// wrote it; a power cut may take it, which then was no crash of ours.
struct JournalFile {
    static let magic: UInt64 = 0x314C_4E4A_5453_4F50  // "POSTJNL1"
    /// In the header: `CrashMark` has run.
    static let marked: UInt32 = 1
    static let headerSize = 64
    static let slots = 64
    static let size = headerSize + slots * JournalSlot.size

    let memory: UnsafeMutableRawPointer

    /// What the last process left in it. nil for a file that is missing, short, or none of ours.
    static func read(_ path: String) -> Left? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: size)
        guard Glibc.read(file, &bytes, size) == size else { return nil }
        return parse(bytes)
    }

    static func parse(_ bytes: [UInt8]) -> Left? {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count == size, bytes.loadUnaligned(as: UInt64.self) == magic else { return nil }
            let pid = bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self)
            let found = (0..<slots).compactMap { slot in
                let start = headerSize + slot * JournalSlot.size
                return JournalSlot.read(UnsafeRawBufferPointer(rebasing: bytes[start..<start + JournalSlot.size]))
            }
            let mark = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
            return Left(pid: pid, isMarked: mark == marked, found: found)
        }
    }

    /// What a process left behind.
    struct Left {
        var pid: Int32
        /// A crash's thread was looked for.
        var isMarked: Bool
        /// Where it was.
        var found: [FoundStretch]
    }

    /// A new, empty one in the place of the old; or the text of what went wrong.
    static func make(_ path: String) -> Result<JournalFile, Problem> {
        unlink(path)
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return .failure(Problem(path)) }
        defer { close(file) }
        // With its blocks: a full disk must show here, not as SIGBUS at the first message.
        let code = posix_fallocate(file, 0, off_t(size))
        guard code == 0 else {
            unlink(path)
            return .failure(Problem(path, code))
        }
        guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED else {
            return .failure(Problem(path))
        }
        return .success(JournalFile(initialising: memory))
    }

    /// Notes for nobody, where there is no file to be had.
    static func inMemoryOnly() -> JournalFile { JournalFile(initialising: calloc(1, size)!) }

    private init(initialising memory: UnsafeMutableRawPointer) {
        self.memory = memory
        memory.storeBytes(of: getpid(), toByteOffset: 8, as: Int32.self)
        memory.storeBytes(of: Self.magic, as: UInt64.self)
    }

    func slot(_ index: Int) -> JournalSlot { JournalSlot(base: memory + Self.headerSize + index * JournalSlot.size) }

    struct Problem: Error {
        let text: String
        init(_ path: String, _ code: Int32 = errno) { text = "\(path): \(String(cString: strerror(code)))" }
    }
}
