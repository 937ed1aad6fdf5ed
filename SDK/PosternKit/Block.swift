import CPostern

/// Memory for the strings of one call into the host, which copies them before it returns.
struct Block {
    private var pieces: [UnsafeMutableRawPointer] = []

    static func lend<R>(_ body: (inout Block) -> R) -> R {
        var block = Block()
        defer { for piece in block.pieces { piece.deallocate() } }
        return body(&block)
    }

    mutating func bytes(_ bytes: [UInt8]) -> postern_bytes {
        if bytes.isEmpty { return postern_bytes() }
        let piece = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 1)
        bytes.withUnsafeBytes { piece.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        pieces.append(piece)
        return postern_bytes(data: UnsafePointer(piece.assumingMemoryBound(to: UInt8.self)), length: UInt64(bytes.count))
    }

    mutating func text(_ text: String) -> postern_bytes { bytes(Array(text.utf8)) }

    mutating func array<T>(_ items: [T]) -> UnsafePointer<T>? {
        if items.isEmpty { return nil }
        let piece = UnsafeMutablePointer<T>.allocate(capacity: items.count)
        piece.initialize(from: items, count: items.count)
        pieces.append(UnsafeMutableRawPointer(piece))
        return UnsafePointer(piece)
    }
}

extension Duration {
    /// Whole microseconds; 0 for what is negative, at most UInt64.max.
    public var inMicroseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 { return 0 }
        let (whole, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        return overflows ? .max : whole.addingReportingOverflow(UInt64(max(0, attoseconds) / 1_000_000_000_000)).partialValue
    }
}
