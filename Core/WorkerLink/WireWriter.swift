/// Writes a record: integers in little endian, texts and bytes behind their length of four bytes.
public struct WireWriter {
    public private(set) var bytes: [UInt8] = []

    public init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    public mutating func u8(_ value: UInt8) { bytes.append(value) }
    public mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }
    public mutating func u32(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    public mutating func u64(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    public mutating func i64(_ value: Int64) { u64(UInt64(bitPattern: value)) }
    public mutating func number(_ value: Double) { u64(value.bitPattern) }

    public mutating func raw(_ value: UnsafeRawBufferPointer) {
        u32(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    public mutating func raw(_ value: [UInt8]) { value.withUnsafeBytes { raw($0) } }

    public mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { raw(UnsafeRawBufferPointer($0)) }
    }

    public mutating func optional<T>(_ value: T?, _ write: (inout WireWriter, T) -> Void) {
        flag(value != nil)
        if let value { write(&self, value) }
    }

    public mutating func list<T>(_ values: some Collection<T>, _ write: (inout WireWriter, T) -> Void) {
        u32(UInt32(values.count))
        for value in values { write(&self, value) }
    }
}
