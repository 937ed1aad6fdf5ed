/// xtext (RFC 3461 section 4): printable ASCII, the rest and `+` and `=` as `+XX`.
enum XText {
    /// Takes the longest run of xtext and gives what it stands for. nil: a `+` without two upper case hexadecimal digits, or a byte that no
    /// parameter may carry (a control character would end a line somewhere else).
    static func decode(_ cursor: inout ByteCursor) -> String? {
        var bytes: [UInt8] = []
        while !cursor.isAtEnd, cursor.next.isParameterValue {
            let byte = cursor.next
            _ = cursor.take(byte)
            guard byte == UInt8(ascii: "+") else {
                bytes.append(byte)
                continue
            }
            guard let high = digit(&cursor), let low = digit(&cursor) else { return nil }
            bytes.append(high << 4 | low)
        }
        guard bytes.allSatisfy({ $0 >= 32 && $0 != 127 }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ cursor: inout ByteCursor) -> UInt8? {
        let byte = cursor.next
        let value: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = byte - UInt8(ascii: "A") + 10
        default: return nil
        }
        _ = cursor.take(byte)
        return value
    }

    static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.isParameterValue, byte != UInt8(ascii: "+") {
                bytes.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [UInt8(ascii: "+"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
