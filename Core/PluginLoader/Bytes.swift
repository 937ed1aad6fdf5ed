import CPostern

extension postern_bytes {
    /// What a plugin passed. A length that cannot be is taken as empty, a null pointer too.
    public var buffer: UnsafeRawBufferPointer {
        guard let data, length <= UInt64(Int32.max) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: data, count: Int(length))
    }

    /// At most `limit` bytes as text; broken UTF-8 is repaired, control characters become blanks.
    public func text(upTo limit: Int) -> String {
        var bytes = buffer.prefix(limit)
        if bytes.count < buffer.count {
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        }
        if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            return String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
