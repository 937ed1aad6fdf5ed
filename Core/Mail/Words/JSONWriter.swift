/// Writes JSON text piece by piece, for the hot path: one growing buffer, no tree, no Foundation.
public struct JSONWriter: Sendable {
    public private(set) var utf8: [UInt8] = []
    private var needsComma = false

    public init(capacity: Int = 256) { utf8.reserveCapacity(capacity) }

    public var text: String { String(decoding: utf8, as: UTF8.self) }

    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    public mutating func key(_ name: String) {
        separate()
        quoted(name)
        utf8.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func string(_ value: String) {
        separate()
        quoted(value)
    }

    public mutating func integer(_ value: some BinaryInteger) { raw(String(value)) }
    public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    public mutating func null() { raw("null") }

    /// Whole numbers without a fraction; infinities and NaN, which JSON lacks, as null.
    public mutating func number(_ value: Double) {
        if !value.isFinite { return null() }
        if value.rounded() == value, abs(value) < 1e15 { raw(String(Int64(value))) } else { raw(String(value)) }
    }

    public mutating func field(_ name: String, _ value: String) { key(name); string(value) }
    public mutating func field(_ name: String, _ value: some BinaryInteger) { key(name); integer(value) }
    public mutating func field(_ name: String, _ value: Double) { key(name); number(value) }
    public mutating func field(_ name: String, _ value: Bool) { key(name); bool(value) }

    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let v): bool(v)
        case .integer(let v): integer(v)
        case .number(let v): number(v)
        case .string(let v): string(v)
        case .array(let items):
            beginArray()
            for item in items { self.value(item) }
            endArray()
        case .object(let members):
            beginObject()
            for name in members.keys.sorted() {
                key(name)
                self.value(members[name]!)
            }
            endObject()
        }
    }

    private mutating func raw(_ text: String) {
        separate()
        utf8.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        if needsComma { utf8.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        utf8.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        utf8.append(byte)
        needsComma = true
    }

    private static let hex = Array("0123456789abcdef".utf8)

    private mutating func quoted(_ text: String) {
        var text = text
        utf8.append(UInt8(ascii: "\""))
        text.withUTF8 { bytes in
            // What needs no escape, which is nearly all there is, goes run by run.
            var start = 0
            for (at, byte) in bytes.enumerated()
            where byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                utf8.append(contentsOf: bytes[start..<at])
                escape(byte)
                start = at + 1
            }
            utf8.append(contentsOf: bytes[start...])
        }
        utf8.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            utf8.append(UInt8(ascii: "\\"))
            utf8.append(byte)
        case 0x0A: utf8.append(contentsOf: "\\n".utf8)
        default:
            utf8.append(contentsOf: "\\u00".utf8)
            utf8.append(Self.hex[Int(byte >> 4)])
            utf8.append(Self.hex[Int(byte & 15)])
        }
    }
}
