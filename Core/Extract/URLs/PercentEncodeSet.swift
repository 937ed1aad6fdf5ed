/// Percent-encode sets (URL standard, section 1.3). All hold what is not ASCII, and controls.
enum PercentEncodeSet {
    case control, fragment, query, specialQuery, path, userInfo

    /// 128 bits each.
    private var bits: (low: UInt64, high: UInt64) {
        switch self {
        case .control: Self.controlBits
        case .fragment: Self.fragmentBits
        case .query: Self.queryBits
        case .specialQuery: Self.specialQueryBits
        case .path: Self.pathBits
        case .userInfo: Self.userInfoBits
        }
    }

    private static let controlBits = bits("")
    private static let fragmentBits = bits(" \"<>`")
    private static let queryBits = bits(" \"#<>")
    private static let specialQueryBits = bits(" \"#<>'")
    private static let pathBits = bits(" \"#<>?^`{}")
    private static let userInfoBits = bits(" \"#<>?^`{}/:;=@[\\]|")

    private static func bits(_ more: StaticString) -> (low: UInt64, high: UInt64) {
        var low: UInt64 = 0xFFFF_FFFF
        var high: UInt64 = 1 << 63
        more.withUTF8Buffer {
            for byte in $0 {
                if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
            }
        }
        return (low, high)
    }

    func contains(_ byte: UInt8) -> Bool {
        if byte >= 0x80 { return true }
        return byte < 64 ? bits.low >> UInt64(byte) & 1 == 1 : bits.high >> UInt64(byte - 64) & 1 == 1
    }

    func append(_ byte: UInt8, to out: inout [UInt8]) {
        guard contains(byte) else { return out.append(byte) }
        out.append(UInt8(ascii: "%"))
        out.append(Self.digit(byte >> 4))
        out.append(Self.digit(byte & 15))
    }

    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }

    /// `%41` and the like undone; what is no such triple stays.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(Hexadecimal.value),
                let low = rest.dropFirst().first.flatMap(Hexadecimal.value)
            {
                out.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                out.append(byte)
            }
        }
        return out
    }
}

enum Hexadecimal {
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
