/// Where each field of a message's header stands (RFC 5322 section 2.2). One pass, no copy: offsets into the message's bytes.
public struct HeaderFields: Sendable {
    /// One field, its folded lines included.
    public struct Field: Sendable, Hashable {
        /// Offset of the name's first byte.
        public var start: Int
        /// Offset of the colon (of what precedes it and is no space).
        public var nameEnd: Int
        /// Offset behind the colon.
        public var valueStart: Int
        /// Offset behind the last line's end.
        public var end: Int
    }

    public private(set) var fields: [Field] = []
    /// Offset of the body: behind the empty line, or where something that is no field begins.
    public private(set) var bodyStart = 0
    /// The header ended at a line that is neither field nor continuation nor empty, or a limit was reached.
    public private(set) var isMalformed = false

    /// More fields than this are not listed, and `isMalformed` is set: nobody sends so many in good faith.
    public static let maximumFields = 10_000

    public init(_ bytes: UnsafeRawBufferPointer) {
        fields.reserveCapacity(32)
        scan(bytes, from: 0)
    }

    /// Whether the first empty line, or the message, ends within `limit` bytes: what `ForgedFields` looks through at most.
    public static func isHeader(of bytes: UnsafeRawBufferPointer, within limit: Int) -> Bool {
        if bytes.count <= limit { return true }
        let head = UnsafeRawBufferPointer(rebasing: bytes[..<limit])
        var at = 0
        while at < head.count {
            if head[at] == 0x0A || (head[at] == 0x0D && at + 1 < head.count && head[at + 1] == 0x0A) { return true }
            at = head.endOfLine(from: at, to: head.count)
        }
        return false
    }

    private init(_ bytes: UnsafeRawBufferPointer, from start: Int) { scan(bytes, from: start) }

    /// What a lenient reader would take for more of the header, when this one is malformed: from the offending line on. nil otherwise.
    func resumed(in bytes: UnsafeRawBufferPointer) -> HeaderFields? {
        guard isMalformed else { return nil }
        // At the limit the line itself is a field; else it is what nobody can read.
        let start = fields.count == Self.maximumFields ? bodyStart : bytes.endOfLine(from: bodyStart, to: bytes.count)
        return start < bytes.count ? HeaderFields(bytes, from: start) : nil
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        var at = start
        while at < bytes.count {
            let lineEnd = bytes.endOfLine(from: at, to: bytes.count)
            let first = bytes[at]
            if first == 0x0A || (first == 0x0D && at + 1 < bytes.count && bytes[at + 1] == 0x0A) {
                bodyStart = lineEnd
                return
            }
            if first == 0x20 || first == 0x09, !fields.isEmpty {
                fields[fields.count - 1].end = lineEnd
            } else if let field = Self.field(bytes, at..<lineEnd), fields.count < Self.maximumFields {
                fields.append(field)
            } else {
                isMalformed = true
                break
            }
            at = lineEnd
        }
        bodyStart = at
    }

    /// RFC 5322 section 3.6.8: a name is printable ASCII without colon; spaces before the colon are obsolete but met.
    private static func field(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> Field? {
        var at = line.lowerBound
        while at < line.upperBound, (33...126).contains(bytes[at]), bytes[at] != UInt8(ascii: ":") { at += 1 }
        let nameEnd = at
        while at < line.upperBound, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
        guard nameEnd > line.lowerBound, at < line.upperBound, bytes[at] == UInt8(ascii: ":") else { return nil }
        return Field(start: line.lowerBound, nameEnd: nameEnd, valueStart: at + 1, end: line.upperBound)
    }

    /// Compares a field's name without regard to ASCII case.
    public static func name(_ field: Field, in bytes: UnsafeRawBufferPointer, is name: StaticString) -> Bool {
        let length = field.nameEnd - field.start
        return length == name.utf8CodeUnitCount && hasPrefix(field, in: bytes, name)
    }

    /// Whether a field's name begins with `prefix`, without regard to ASCII case.
    public static func hasPrefix(_ field: Field, in bytes: UnsafeRawBufferPointer, _ prefix: StaticString) -> Bool {
        guard field.nameEnd - field.start >= prefix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { wanted in
            for i in wanted.indices where asciiLower(bytes[field.start + i]) != asciiLower(wanted[i]) { return false }
            return true
        }
    }

    public func first(_ name: StaticString, in bytes: UnsafeRawBufferPointer) -> Field? {
        fields.first { Self.name($0, in: bytes, is: name) }
    }

    public func count(of name: StaticString, in bytes: UnsafeRawBufferPointer) -> Int {
        fields.reduce(0) { $0 + (Self.name($1, in: bytes, is: name) ? 1 : 0) }
    }

    /// A field's value unfolded and trimmed, at most `limit` bytes; bytes that are no UTF-8 are repaired.
    public static func value(_ field: Field, in bytes: UnsafeRawBufferPointer, limit: Int = 998) -> String {
        var out: [UInt8] = []
        for byte in bytes[field.valueStart..<field.end] where byte != 0x0D && byte != 0x0A {
            if out.isEmpty, byte == 0x20 || byte == 0x09 { continue }
            if out.count == limit { break }
            out.append(byte == 0x09 ? 0x20 : byte)
        }
        while out.last == 0x20 { out.removeLast() }
        return String(decoding: out, as: UTF8.self)
    }
}
