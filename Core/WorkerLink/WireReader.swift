import Mail

/// Reads a record that may hold anything: whatever does not fit is a `WireFault`, and nothing is allocated for what is not there.
public struct WireReader: Sendable {
    private let bytes: [UInt8]
    private var at = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { at == bytes.count }

    private mutating func take(_ count: Int) throws(WireFault) -> ArraySlice<UInt8> {
        guard count <= bytes.count - at else { throw WireFault("ends early") }
        defer { at += count }
        return bytes[at..<at + count]
    }

    private mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(WireFault) -> T {
        let slice = try take(MemoryLayout<T>.size)
        return slice.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
    }

    public mutating func u8() throws(WireFault) -> UInt8 { try integer(UInt8.self) }
    public mutating func u32() throws(WireFault) -> UInt32 { try integer(UInt32.self) }
    public mutating func u64() throws(WireFault) -> UInt64 { try integer(UInt64.self) }
    public mutating func i64() throws(WireFault) -> Int64 { try integer(Int64.self) }
    public mutating func number() throws(WireFault) -> Double { Double(bitPattern: try u64()) }

    public mutating func flag() throws(WireFault) -> Bool {
        switch try u8() {
        case 0: return false
        case 1: return true
        default: throw WireFault("a flag that is neither 0 nor 1")
        }
    }

    public mutating func raw(most: Int = .max) throws(WireFault) -> [UInt8] {
        let count = Int(try u32())
        guard count <= most else { throw WireFault("\(count) bytes where \(most) are allowed") }
        return Array(try take(count))
    }

    /// Broken UTF-8 is repaired.
    public mutating func text(most: Int = .max) throws(WireFault) -> String {
        let count = Int(try u32())
        guard count <= most else { throw WireFault("a text of \(count) bytes where \(most) are allowed") }
        return String(decoding: try take(count), as: UTF8.self)
    }

    /// For people's eyes: printable, one line.
    public mutating func line(most: Int) throws(WireFault) -> String { String(printable: try raw(most: most)) }

    public mutating func optional<T>(_ read: (inout WireReader) throws(WireFault) -> T) throws(WireFault) -> T? {
        try flag() ? try read(&self) : nil
    }

    public mutating func list<T>(most: Int, _ read: (inout WireReader) throws(WireFault) -> T) throws(WireFault) -> [T] {
        let count = Int(try u32())
        guard count <= most, count <= bytes.count - at else { throw WireFault("a list of \(count)") }
        var values: [T] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    /// Nothing may stand behind a message.
    public func end() throws(WireFault) {
        if !isAtEnd { throw WireFault("goes on behind its end") }
    }
}

/// A record is none of ours.
public struct WireFault: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
}
