import Glibc
import Mail

/// Bytes in memory that nobody can change any more, behind a descriptor: other processes are shown them without a copy.
final class SealedMemory: RegionFile {
    private let descriptor: Int32

    /// Takes the descriptor of a sealed copy over.
    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// A region of these bytes, which are not empty.
    static func region(_ bytes: [UInt8]) throws(LinkFailure) -> Region {
        let memory = SealedMemory(try SharedMemory.copy(bytes))
        let count = bytes.count
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, memory.descriptor, 0), base != MAP_FAILED else {
            throw LinkFailure("\(count) bytes of memory cannot be mapped: \(String(cString: strerror(errno)))")
        }
        nonisolated(unsafe) let mapped = base
        return Region(adopting: UnsafeRawBufferPointer(start: base, count: count), memory: count, file: memory) { munmap(mapped, count) }
    }

    func openReadOnly() -> Int32? {
        let other = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        return other < 0 ? nil : other
    }
}
