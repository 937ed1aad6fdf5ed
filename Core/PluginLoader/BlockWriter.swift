import CPostern
import Mail

/// Fills one block of memory from its start: first structs, then strings. The capacity is counted before; to pass it is our own bug.
struct BlockWriter {
    let base: UnsafeMutableRawPointer
    private var at = 0
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    mutating func make<T>(_ type: T.Type, count: Int = 1) -> UnsafeMutablePointer<T> {
        let alignment = MemoryLayout<T>.alignment
        at = (at + alignment - 1) & ~(alignment - 1)
        return take(MemoryLayout<T>.stride * count).bindMemory(to: type, capacity: count)
    }

    mutating func bytes(_ source: UnsafeRawBufferPointer) -> postern_bytes {
        if source.isEmpty { return postern_bytes() }
        let target = take(source.count)
        target.copyMemory(from: source.baseAddress!, byteCount: source.count)
        return postern_bytes(data: target.assumingMemoryBound(to: UInt8.self), length: UInt64(source.count))
    }

    mutating func text(_ text: String) -> postern_bytes {
        var copy = text
        return copy.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }

    /// local-part@domain
    mutating func address(_ address: EmailAddress) -> postern_bytes {
        let local = text(address.localPart)
        if address.domain.isEmpty { return local }
        take(1).storeBytes(of: UInt8(ascii: "@"), as: UInt8.self)
        let domain = text(address.domain)
        return postern_bytes(data: local.data ?? domain.data.map { $0 - 1 }, length: local.length + 1 + domain.length)
    }

    private mutating func take(_ count: Int) -> UnsafeMutableRawPointer {
        precondition(at + count <= capacity, "the block was counted too small")
        defer { at += count }
        return base + at
    }
}
