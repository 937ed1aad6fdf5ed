/// The name of a tag or attribute as one number: equal for equal names, ASCII letters in either case. Names of up to eight bytes are told apart
/// exactly, longer ones as far as 64 bits tell them apart.
struct HTMLName: Hashable, Sendable {
    var key: UInt64 = 0
    var length = 0

    init() {}

    init(_ name: StaticString) {
        name.withUTF8Buffer { for byte in $0 { append(byte) } }
    }

    init(_ name: some Collection<UInt8>) {
        for byte in name { append(byte) }
    }

    @inline(__always) mutating func append(_ byte: UInt8) {
        let lower = byte &- 65 < 26 ? byte | 0x20 : byte
        // Eight bytes fit as they are; what was shifted in before is mixed in again.
        let over = length < 8 ? 0 : (key >> 56 | 0x100) &* 0x9E37_79B9_7F4A_7C15
        key = (key << 8 | UInt64(lower)) ^ over
        length += 1
    }
}

/// Values by name, for tables that are made once: an open table of twice the size, much faster than a dictionary.
struct HTMLNames<Value: Sendable>: Sendable {
    private var slots: [(name: HTMLName, value: Value)?]
    private let mask: Int

    init(_ rows: some Collection<(HTMLName, Value)>) {
        var size = 16
        while size < rows.count * 3 { size *= 2 }
        mask = size - 1
        slots = Array(repeating: nil, count: size)
        for (name, value) in rows {
            var at = Self.slot(name) & mask
            while let other = slots[at], other.name != name { at = (at + 1) & mask }
            slots[at] = (name, value)
        }
    }

    subscript(name: HTMLName) -> Value? {
        var at = Self.slot(name) & mask
        while let slot = slots[at] {
            if slot.name == name { return slot.value }
            at = (at + 1) & mask
        }
        return nil
    }

    @inline(__always) private static func slot(_ name: HTMLName) -> Int {
        Int(truncatingIfNeeded: (name.key &* 0x9E37_79B9_7F4A_7C15) >> 40)
    }
}
