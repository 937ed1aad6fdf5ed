/// Percent-encode sets (URL standard, section 1.3). All hold what is not ASCII, and controls.
enum PercentEncodeSet {
    case control, fragment, query, specialQuery, path, userInfo

    @inline(__always) func contains(_ byte: UInt8) -> Bool {
        if byte < 0x20 || byte > 0x7E { return true }
        switch self {
        case .control: return false
        case .fragment: return Self.isInFragment(byte)
        case .query: return Self.isInQuery(byte)
        case .specialQuery: return Self.isInQuery(byte) || byte == UInt8(ascii: "'")
        case .path: return Self.isInPath(byte)
        case .userInfo: return Self.isInPath(byte) || Self.isDelimiter(byte)
        }
    }

    /// A space and " < > `
    private static func isInFragment(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x22, 0x3C, 0x3E, 0x60: true
        default: false
        }
    }

    /// A space and " # < >
    private static func isInQuery(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x22, 0x23, 0x3C, 0x3E: true
        default: false
        }
    }

    /// A space and " # < > ? ^ ` { }
    private static func isInPath(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x22, 0x23, 0x3C, 0x3E, 0x3F, 0x5E, 0x60, 0x7B, 0x7D: true
        default: false
        }
    }

    /// / : ; = @ [ \ ] |
    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2F, 0x3A, 0x3B, 0x3D, 0x40, 0x5B, 0x5C, 0x5D, 0x7C: true
        default: false
        }
    }

    @inline(__always) func append(_ byte: UInt8, to out: inout [UInt8]) {
        guard contains(byte) else { return out.append(byte) }
        out.append(UInt8(ascii: "%"))
        out.append(Self.digit(byte >> 4))
        out.append(Self.digit(byte & 15))
    }

    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

    /// What never has to be encoded (RFC 3986 section 2.3).
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// `%41` and the like undone; what is no such triple stays.
    static func decode(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(UInt8(ascii: "%")) else { return text }
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "%"), at + 2 < text.count, let high = Hexadecimal.value(text[at + 1]),
                let low = Hexadecimal.value(text[at + 2])
            {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(text[at])
                at += 1
            }
        }
        return out
    }
}
