/// Reads JSON (RFC 8259) into `Settings.Value`, without Foundation. Depth is bounded; errors name the byte.
struct JSONReader {
    private let bytes: [UInt8]
    private var at = 0
    private static let deepest = 64

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func read(_ bytes: [UInt8]) throws(SettingsError) -> Settings.Value {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.blanks()
        guard reader.at == bytes.count else { throw reader.error("more text after the value") }
        return value
    }

    private func error(_ text: String) -> SettingsError { SettingsError(pointer: "", text: "not JSON: \(text) at byte \(at)") }

    private mutating func blanks() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        blanks()
        guard at < bytes.count, bytes[at] == byte.asciiValue else { return false }
        at += 1
        return true
    }

    private mutating func word(_ text: StaticString) throws(SettingsError) {
        guard bytes[at...].starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) else {
            throw error("an unknown word")
        }
        at += text.utf8CodeUnitCount
    }

    private mutating func value(depth: Int) throws(SettingsError) -> Settings.Value {
        blanks()
        guard at < bytes.count else { throw error("the text ends early") }
        guard depth < Self.deepest else { throw error("nested too deeply") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return .object(try object(depth))
        case UInt8(ascii: "["): return .array(try array(depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default: return .number(try number())
        }
    }

    private mutating func object(_ depth: Int) throws(SettingsError) -> [(String, Settings.Value)] {
        at += 1
        var members: [(String, Settings.Value)] = []
        if take("}") { return members }
        while true {
            blanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw error("a member's name is missing") }
            let name = try string()
            guard take(":") else { throw error("':' is missing") }
            members.append((name, try value(depth: depth + 1)))
            if take("}") { return members }
            guard take(",") else { throw error("',' or '}' is missing") }
        }
    }

    private mutating func array(_ depth: Int) throws(SettingsError) -> [Settings.Value] {
        at += 1
        var items: [Settings.Value] = []
        if take("]") { return items }
        while true {
            items.append(try value(depth: depth + 1))
            if take("]") { return items }
            guard take(",") else { throw error("',' or ']' is missing") }
        }
    }

    private mutating func number() throws(SettingsError) -> Double {
        let start = at
        while at < bytes.count, (48...57).contains(bytes[at]) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(bytes[at]) { at += 1 }
        guard at > start, let number = Double(String(decoding: bytes[start..<at], as: UTF8.self)), number.isFinite else {
            throw error("a value is missing or no number")
        }
        return number
    }

    private mutating func string() throws(SettingsError) -> String {
        at += 1
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20: throw error("a control character in a text")
            default: text.append(byte)
            }
        }
        throw error("a text does not end")
    }

    private mutating func escape() throws(SettingsError) -> [UInt8] {
        guard at < bytes.count else { throw error("a text does not end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "u"):
            var scalar = try hex()
            if (0xD800..<0xDC00).contains(scalar) {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                    throw error("half a surrogate pair")
                }
                at += 2
                let low = try hex()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let unicode = Unicode.Scalar(scalar) else { throw error("half a surrogate pair") }
            return Array(String(Character(unicode)).utf8)
        default: throw error("an unknown escape")
        }
    }

    private mutating func hex() throws(SettingsError) -> UInt32 {
        guard at + 4 <= bytes.count, bytes[at..<(at + 4)].allSatisfy({ UInt8(ascii: "+") != $0 && UInt8(ascii: "-") != $0 }),
            let value = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16)
        else { throw error("\\u without four digits") }
        at += 4
        return value
    }
}
