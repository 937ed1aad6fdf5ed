/// Inputs are short; what must be linear is not. An input whose last byte is 0xE0 or more is grown before it is read: a piece of it is repeated. The last
/// three bytes say which piece and how often, so that an input always means the same.
enum Growth {
    static let most = 32 << 10

    static func isGrown(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.count > 8 && bytes[bytes.count - 1] >= 0xE0 }

    static func grown(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let count = bytes.count
        guard isGrown(bytes) else { return Array(bytes) }
        let body = count - 3
        let start = Int(bytes[count - 3]) * body / 256
        let end = start + 1 + Int(bytes[count - 2]) * (body - start - 1) / 256
        let times = min(Int(bytes[count - 1] & 0x1F) * 64, most / (end - start))
        var out = Array(bytes[..<end])
        out.reserveCapacity(body + times * (end - start))
        for _ in 0..<times { out.append(contentsOf: bytes[start..<end]) }
        out.append(contentsOf: bytes[end..<body])
        return out
    }
}
