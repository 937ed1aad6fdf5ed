import CPostern
import Mail

extension postern_bytes {
    /// What a plugin passed. A length that cannot be is taken as empty, a null pointer too.
    public var buffer: UnsafeRawBufferPointer {
        guard let data, length <= UInt64(Int32.max) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: data, count: Int(length))
    }

    /// At most `limit` bytes as text; broken UTF-8 is repaired, what is not printable becomes blanks.
    public func text(upTo limit: Int) -> String {
        var bytes = buffer.prefix(limit)
        if bytes.count < buffer.count {
            while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
            if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
        }
        return String(printable: bytes)
    }
}
