import Glibc
import Synchronization

/// The layout of one ring in shared memory: records from one producer to one consumer. Each record is a length of four bytes and so many
/// bytes, padded to a multiple of eight; positions only grow, and a place is the position modulo the capacity.
///
///     0    tail: the producer's position          64   head: the consumer's
///     128  1 while the consumer sleeps            192  1 while the producer waits for room
///     256  the records
///
/// Neither side believes what the other writes: each keeps its own position to itself, takes the other's as a claim, and copies a record
/// out before it looks into it.
struct RingLayout {
    static let header = 256
    let base: UnsafeMutableRawPointer
    let capacity: Int

    init(_ base: UnsafeMutableRawPointer, bytes: Int) {
        self.base = base
        capacity = bytes - Self.header
        precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a ring's capacity is a power of two")
    }

    private func word(_ offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    var tail: UnsafeMutablePointer<Atomic<UInt64>> { word(0) }
    var head: UnsafeMutablePointer<Atomic<UInt64>> { word(64) }
    var isAsleep: UnsafeMutablePointer<Atomic<UInt64>> { word(128) }
    var wantsRoom: UnsafeMutablePointer<Atomic<UInt64>> { word(192) }

    /// The room that a record takes.
    static func room(_ count: Int) -> Int { (4 + count + 7) & ~7 }

    func store(_ bytes: UnsafeRawBufferPointer, at position: UInt64) {
        let place = Int(position) & (capacity - 1)
        let first = min(bytes.count, capacity - place)
        if first == 0 { return }
        (base + Self.header + place).copyMemory(from: bytes.baseAddress!, byteCount: first)
        if first < bytes.count { (base + Self.header).copyMemory(from: bytes.baseAddress! + first, byteCount: bytes.count - first) }
    }

    func load(_ target: UnsafeMutableRawBufferPointer, at position: UInt64) {
        let place = Int(position) & (capacity - 1)
        let first = min(target.count, capacity - place)
        if first == 0 { return }
        target.baseAddress!.copyMemory(from: base + Self.header + place, byteCount: first)
        if first < target.count {
            (target.baseAddress! + first).copyMemory(from: base + Self.header, byteCount: target.count - first)
        }
    }
}

/// The writing end. One thread at a time.
public struct RingProducer: ~Copyable {
    private let ring: RingLayout
    private let memory: SharedMemory
    private var tail: UInt64 = 0

    /// The longest record: a ring takes two.
    public var longest: Int { ring.capacity / 2 - 8 }

    public init(_ memory: SharedMemory, offset: Int, bytes: Int) {
        self.memory = memory
        ring = RingLayout(memory.base + offset, bytes: bytes)
    }

    public enum Result { case written(mustWake: Bool), full, broken }

    /// `.full`: nothing was written, and the consumer wakes us when there is room. `.broken`: the other side claims what cannot be.
    /// `quietly`: a consumer that sleeps is left asleep, and sees the record when something else wakes it.
    public mutating func append(_ record: UnsafeRawBufferPointer, quietly: Bool = false) -> Result {
        precondition(record.count <= longest, "the record is too long for the ring")
        let room = RingLayout.room(record.count)
        for attempt in 0..<2 {
            let head = ring.head.pointee.load(ordering: .sequentiallyConsistent)
            guard head <= tail, tail - head <= UInt64(ring.capacity) else { return .broken }
            if Int(tail - head) + room <= ring.capacity { break }
            if attempt == 1 { return .full }
            ring.wantsRoom.pointee.store(1, ordering: .sequentiallyConsistent)
        }
        withUnsafeBytes(of: UInt32(record.count)) { ring.store($0, at: tail) }
        ring.store(record, at: tail + 4)
        tail += UInt64(room)
        ring.tail.pointee.store(tail, ordering: .sequentiallyConsistent)
        if quietly { return .written(mustWake: false) }
        return .written(mustWake: ring.isAsleep.pointee.exchange(0, ordering: .sequentiallyConsistent) != 0)
    }
}

/// The reading end. One thread.
public struct RingConsumer: ~Copyable {
    private let ring: RingLayout
    private let memory: SharedMemory
    private var head: UInt64 = 0

    public init(_ memory: SharedMemory, offset: Int, bytes: Int) {
        self.memory = memory
        ring = RingLayout(memory.base + offset, bytes: bytes)
    }

    public enum Result { case record([UInt8]), empty, broken }

    /// A copy of the next record.
    public mutating func next() -> Result {
        let tail = ring.tail.pointee.load(ordering: .sequentiallyConsistent)
        guard tail >= head, tail - head <= UInt64(ring.capacity) else { return .broken }
        if tail == head { return .empty }
        var count: UInt32 = 0
        withUnsafeMutableBytes(of: &count) { ring.load($0, at: head) }
        let room = RingLayout.room(Int(count))
        guard Int(count) <= ring.capacity / 2 - 8, UInt64(room) <= tail - head else { return .broken }
        let record = [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
            ring.load(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Int(count)), at: head + 4)
            filled = Int(count)
        }
        head += UInt64(room)
        ring.head.pointee.store(head, ordering: .sequentiallyConsistent)
        return .record(record)
    }

    /// True once after the producer found the ring full: it wants to be woken.
    public func takeWantsRoom() -> Bool { ring.wantsRoom.pointee.exchange(0, ordering: .sequentiallyConsistent) != 0 }

    /// Says that it is going to sleep. False: something has come, so it must not.
    public func fallAsleep() -> Bool {
        ring.isAsleep.pointee.store(1, ordering: .sequentiallyConsistent)
        if ring.tail.pointee.load(ordering: .sequentiallyConsistent) == head { return true }
        ring.isAsleep.pointee.store(0, ordering: .sequentiallyConsistent)
        return false
    }

    public func wakeUp() { ring.isAsleep.pointee.store(0, ordering: .sequentiallyConsistent) }
}
