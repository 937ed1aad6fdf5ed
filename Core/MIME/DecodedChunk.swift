/// Gathers what a decoder makes, and hands it on in chunks of `TransferDecoder.chunk` bytes.
struct DecodedChunk: ~Copyable {
    let base: UnsafeMutablePointer<UInt8>
    var count = 0
    /// The sink wants no more.
    private(set) var isStopped = false

    static let capacity = TransferDecoder.chunk

    /// `most`: bytes that are made in all. Behind these, or behind a whole chunk, 64 more may be written before it is handed on.
    init(upTo most: Int = .max) { base = .allocate(capacity: min(most, Self.capacity) + 64) }

    deinit { base.deallocate() }

    var isFull: Bool {
        @inline(__always) get { count >= Self.capacity }
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        base[count] = byte
        count += 1
    }

    /// False: stop.
    mutating func flush(into sink: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        if count > 0, !isStopped {
            let first = min(count, Self.capacity)
            if !sink(UnsafeRawBufferPointer(start: base, count: first)) { isStopped = true }
            base.update(from: base + first, count: count - first)
            count -= first
        }
        return !isStopped
    }

    /// What is left, all of it.
    mutating func finish(into sink: (UnsafeRawBufferPointer) -> Bool) { while count > 0, flush(into: sink) {} }
}
