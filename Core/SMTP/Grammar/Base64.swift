/// Base64 (RFC 4648 section 4), strictly: no white space, padding where it belongs, no bits left over.
enum Base64 {
    /// nil: malformed.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var at = 0
        while at < text.count {
            var word: UInt32 = 0
            var padding = 0
            for i in 0..<4 {
                let byte = text[at + i]
                if byte == UInt8(ascii: "="), at + 4 == text.count, i >= 2 {
                    padding += 1
                    word <<= 6
                    continue
                }
                guard padding == 0, let value = value(byte) else { return nil }
                word = word << 6 | value
            }
            bytes.append(UInt8(truncatingIfNeeded: word >> 16))
            if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: word >> 8)) }
            if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: word)) }
            let rest: UInt32 = padding == 2 ? word & 0xFFFF : padding == 1 ? word & 0xFF : 0
            guard rest == 0 else { return nil }
            at += 4
        }
        return bytes
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
