/// Grows a message's bytes while they arrive: in memory up to `spoolThreshold`, then, where there is a spool, in a file. `seal` ends its life
/// without a copy.
public struct RegionBuilder: ~Copyable {
    /// Larger messages are files, in the spool and in the store alike.
    public static let spoolThreshold = 256 << 10
    /// What is gathered before it is written to the file.
    static let fileBuffer = 64 << 10
    /// What a hint may ask for: a client may lie, and what is allocated is counted as memory in use.
    private static let largestHint = 16 << 10

    /// nil from a failure on.
    private var block: UnsafeMutableRawPointer?
    private var capacity: Int
    /// Bytes of the block that are used.
    private var used = 0
    /// Bytes that stand in the file.
    private var written = 0
    private let spool: (any BodySpool)?
    private var file: (any SpoolFile)?
    /// Why the spool does not take the message: from then on its bytes are dropped.
    public private(set) var failure: StoreFailure?

    /// `capacity` is a hint in bytes, such as the SIZE= that the client declared. Without a spool all stays in memory.
    public init(capacity: Int = 0, spool: (any BodySpool)? = nil) {
        self.capacity = min(max(capacity, 4096), Self.largestHint)
        self.spool = spool
        block = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { block?.deallocate() }

    public var count: Int { written + used }

    /// Bytes of memory that it takes now.
    public var memory: Int { block == nil ? 0 : capacity }

    /// Those of them that hold nothing yet.
    public var spare: Int { memory - used }

    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if used + bytes.count > capacity, !makeRoom(for: bytes) { return }
        guard let block else { return }
        (block + used).copyMemory(from: base, byteCount: bytes.count)
        used += bytes.count
    }

    public mutating func append(_ byte: UInt8) { withUnsafeBytes(of: byte) { append($0) } }

    /// False: there is nothing left to copy, since the bytes stand in the file or are dropped.
    private mutating func makeRoom(for bytes: UnsafeRawBufferPointer) -> Bool {
        guard failure == nil else { return false }
        let needed = used + bytes.count
        if file == nil, spool == nil || needed <= Self.spoolThreshold {
            let doubled = capacity * 2
            move(to: max(needed, spool == nil ? doubled : min(doubled, Self.spoolThreshold)))
            return true
        }
        do throws(StoreFailure) {
            if file == nil { file = try spool!.makeFile() }
            let file = file!
            try file.append(UnsafeRawBufferPointer(start: block, count: used))
            written += used
            used = 0
            if capacity > Self.fileBuffer { move(to: Self.fileBuffer) }
            if bytes.count <= capacity { return true }
            try file.append(bytes)
            written += bytes.count
        } catch {
            failure = error
            file = nil
            block?.deallocate()
            block = nil
            capacity = 0
            used = 0
        }
        return false
    }

    private mutating func move(to larger: Int) {
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        if let block {
            moved.copyMemory(from: block, byteCount: used)
            block.deallocate()
        }
        block = moved
        capacity = larger
    }

    /// The bytes, never to change again.
    public consuming func seal() throws(StoreFailure) -> Region {
        if let failure { throw failure }
        guard let file else { return Region(sealing: self) }
        try file.append(UnsafeRawBufferPointer(start: block, count: used))
        return try file.seal()
    }

    /// Gives the memory away; the caller owns it.
    fileprivate consuming func take() -> (UnsafeMutableRawPointer, count: Int, capacity: Int) {
        precondition(spool == nil || file == nil && failure == nil, "what may be in a file is sealed by `seal`")
        let result = (block!, used, capacity)
        block = nil
        return result
    }
}

extension Region {
    /// Of a builder without a spool.
    public convenience init(sealing builder: consuming RegionBuilder) {
        let (memory, count, capacity) = builder.take()
        nonisolated(unsafe) let owned = memory
        self.init(adopting: UnsafeRawBufferPointer(start: memory, count: count), memory: capacity) { owned.deallocate() }
    }
}
