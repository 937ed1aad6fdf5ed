import Glibc
import Mail
import Synchronization

/// Reads body files back into memory of their own. A mapping of a file whose sector cannot be read, or that somebody else has cut off, ends the
/// process with SIGBUS when it is touched; a read fails, and only this message stands still.
final class ReadBack: Sendable {
    /// Bytes held at once. What goes beyond is mapped after all, once it was read through: then the kernel has most of it in memory.
    static let limit = 64 << 20
    private static let scratch = 256 << 10
    private let held = Atomic<Int>(0)

    /// `descriptor`: of a file of `size` bytes, more than 0, at `path`.
    func region(_ descriptor: Int32, size: Int, _ path: String) throws(StoreFailure) -> Region {
        let isHeld = held.add(size, ordering: .relaxed).newValue <= Self.limit
        if !isHeld { held.subtract(size, ordering: .relaxed) }
        do throws(StoreFailure) {
            return isHeld ? try copied(descriptor, size, path) : try mapped(descriptor, size, path)
        } catch {
            if isHeld { held.subtract(size, ordering: .relaxed) }
            throw error
        }
    }

    private func copied(_ descriptor: Int32, _ size: Int, _ path: String) throws(StoreFailure) -> Region {
        // Given back to the system as a whole.
        guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED else {
            throw StoreFailure(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
        do throws(StoreFailure) { try Self.read(descriptor, UnsafeMutableRawBufferPointer(start: start, count: size), at: 0, path) } catch {
            munmap(start, size)
            throw error
        }
        nonisolated(unsafe) let memory = start
        return Region(adopting: UnsafeRawBufferPointer(start: start, count: size)) { [self] in
            munmap(memory, size)
            held.subtract(size, ordering: .relaxed)
        }
    }

    private func mapped(_ descriptor: Int32, _ size: Int, _ path: String) throws(StoreFailure) -> Region {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.scratch, alignment: 8)
        defer { scratch.deallocate() }
        for offset in stride(from: 0, to: size, by: Self.scratch) {
            try Self.read(
                descriptor, UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(Self.scratch, size - offset)]), at: offset, path)
        }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw StoreFailure(.unavailable, "\(path): \(String(cString: strerror(errno)))")
        }
        nonisolated(unsafe) let mapping = start
        return Region(adopting: UnsafeRawBufferPointer(start: start, count: size)) { munmap(mapping, size) }
    }

    private static func read(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int, _ path: String
    ) throws(StoreFailure) {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw StoreFailure(.damaged, "\(path) cannot be read: \(count == 0 ? "it is cut off" : String(cString: strerror(errno)))")
            }
            done += count
        }
    }
}
