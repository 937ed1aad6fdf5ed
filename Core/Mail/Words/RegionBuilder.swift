/// Grows a message's bytes while they arrive. `Region(sealing:)` ends its life without a copy.
public struct RegionBuilder: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    public private(set) var count = 0

    /// `capacity` is a hint in bytes, such as the SIZE= that the client declared: bounded here, since a client may lie.
    public init(capacity: Int = 0) {
        self.capacity = min(max(capacity, 4096), 1 << 20)
        memory = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if count + bytes.count > capacity { grow(to: count + bytes.count) }
        (memory + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    public mutating func append(_ byte: UInt8) {
        if count == capacity { grow(to: count + 1) }
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    private mutating func grow(to needed: Int) {
        let larger = max(needed, capacity * 2)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        moved.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = moved
        capacity = larger
    }

    /// Gives the memory away; the caller owns it.
    fileprivate consuming func take() -> (UnsafeMutableRawPointer, Int) {
        let result = (memory, count)
        discard self
        return result
    }
}

extension Region {
    public convenience init(sealing builder: consuming RegionBuilder) {
        let (memory, count) = builder.take()
        nonisolated(unsafe) let owned = memory
        self.init(adopting: UnsafeRawBufferPointer(start: memory, count: count)) { owned.deallocate() }
    }
}
