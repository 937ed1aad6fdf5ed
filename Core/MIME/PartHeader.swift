import Mail

/// The header of a message or of a part: the fields that say what it is, where it ends, and where other readers would see its end
/// (RFC 5322 section 2.2, RFC 2045 section 3).
struct PartHeader {
    enum Name: UInt8 { case contentType, transferEncoding, disposition, contentID }

    struct Field {
        var name: Name
        var value: Range<Int>
        /// It stands where only some readers see a field.
        var isOdd: Bool
    }

    /// How readers differ about what belongs to a header.
    struct Mode: OptionSet, Hashable {
        let rawValue: UInt8
        /// A line that is no field is skipped; else the body begins with it.
        static let pastJunk = Mode(rawValue: 1)
        /// A line of blanks ends the header; else it is a continuation.
        static let endsAtBlanks = Mode(rawValue: 2)
        /// An empty line with fields of MIME behind it does not end the header.
        static let pastEmpty = Mode(rawValue: 4)
        /// A CR alone ends a line.
        static let carriage = Mode(rawValue: 8)
    }

    private(set) var fields: [Field] = []
    /// Without the empty line.
    private(set) var range: Range<Int>
    private(set) var bodyStart: Int
    private(set) var flags: PartFlags = []
    /// Modes of which each would end it elsewhere, or see other fields in it.
    private(set) var others: [Mode] = []
    /// Fields of MIME stand behind the empty line: the header of a message in it, or what `.pastEmpty` would read.
    private(set) var hasFieldsBelow = false

    /// Fields that are counted; of each kind, as many as are kept.
    private static let maximumFields = HeaderFields.maximumFields
    private static let maximumKept = 16

    /// `delimiters`: what ends a header even without an empty line.
    init(_ bytes: UnsafeRawBufferPointer, _ limits: Range<Int>, mode: Mode, delimiters: DelimiterSet, isMessage: Bool) {
        range = limits.lowerBound..<limits.lowerBound
        bodyStart = limits.lowerBound
        scan(bytes, limits, mode, delimiters, isMessage)
        if bytes.offset(of: 0, in: range) != nil { flags.insert(.nul) }
        if bytes.hasHighBytes(in: range), !isUTF8(bytes, range) { flags.insert(.rawHeaderBytes) }
    }

    /// Where the values of one kind stand, those that only some see behind the others.
    @inline(__always)
    func forEach(_ name: Name, _ body: (Range<Int>) -> Void) {
        for field in fields where field.name == name && !field.isOdd { body(field.value) }
        for field in fields where field.name == name && field.isOdd { body(field.value) }
    }

    private mutating func scan(
        _ bytes: UnsafeRawBufferPointer, _ limits: Range<Int>, _ mode: Mode, _ delimiters: DelimiterSet, _ isMessage: Bool
    ) {
        let end = limits.upperBound
        var at = limits.lowerBound
        var count = 0
        /// Whether the line before was a field that is kept, and so a continuation belongs to it.
        var isKept = false
        let carriage = mode.contains(.carriage)
        while at < end {
            let lineEnd = bytes.endOfLine(from: at, to: end, carriage: carriage)
            let textEnd = bytes.endOfText(at..<lineEnd)
            if textEnd == at {
                if lineEnd < end, Self.mimeName(bytes, at: lineEnd, to: end) != nil {
                    if mode.contains(.pastEmpty) {
                        flags.insert(.headerSplit)
                        at = lineEnd
                        isKept = false
                        continue
                    }
                    hasFieldsBelow = true
                }
                finish(limits, at, body: lineEnd)
                return
            }
            if !carriage, bytes.offset(of: 0x0D, in: at..<textEnd) != nil {
                flags.insert(.headerSplit)
                other(.carriage)
            }
            let first = bytes[at]
            if isBlank(first) {
                if bytes[at..<textEnd].allSatisfy(isBlank) {
                    flags.insert(.headerSplit)
                    if mode.contains(.endsAtBlanks) {
                        finish(limits, at, body: lineEnd)
                        return
                    }
                    other(.endsAtBlanks)
                } else if let (name, value) = Self.hiddenField(bytes, at..<textEnd) {
                    flags.insert(.brokenHeader)
                    keep(Field(name: name, value: value..<textEnd, isOdd: true))
                }
                if isKept { extend(to: textEnd) }
                at = lineEnd
                continue
            }
            if first == 0x2D, at + 1 < end, bytes[at + 1] == 0x2D, let match = delimiters.match(bytes, at: at, to: end),
                match.isExact || delimiters.takesPrefixes
            {
                if count > 0 { flags.insert(.brokenHeader) }
                finish(limits, at, body: at)
                return
            }
            if let (name, value) = Self.field(bytes, at..<textEnd) {
                count += 1
                if count > Self.maximumFields { flags.insert(.limit) }
                isKept = false
                if let name, count <= Self.maximumFields {
                    keep(Field(name: name, value: value..<textEnd, isOdd: false))
                    isKept = true
                }
            } else if at == limits.lowerBound, isMessage,
                bytes.hasPrefix("From ", at: at, to: end) || bytes.hasPrefix(">From ", at: at, to: end)
            {
                // What mailboxes put in front of each message.
                isKept = false
            } else {
                flags.insert(.brokenHeader)
                guard mode.contains(.pastJunk) else {
                    other(.pastJunk)
                    finish(limits, at, body: at)
                    return
                }
                isKept = false
                if let (name, value) = Self.hiddenField(bytes, at..<textEnd) {
                    keep(Field(name: name, value: value..<textEnd, isOdd: true))
                    isKept = true
                }
            }
            at = lineEnd
        }
        finish(limits, end, body: end)
    }

    private mutating func finish(_ limits: Range<Int>, _ end: Int, body: Int) {
        range = limits.lowerBound..<end
        bodyStart = body
    }

    mutating func other(_ mode: Mode) { if !others.contains(mode) { others.append(mode) } }

    private mutating func keep(_ field: Field) {
        if fields.count < Self.maximumKept { fields.append(field) } else { flags.insert(.limit) }
    }

    private mutating func extend(to end: Int) {
        guard let last = fields.indices.last(where: { !fields[$0].isOdd }) ?? fields.indices.last else { return }
        fields[last].value = fields[last].value.lowerBound..<end
    }

    /// A field line: its name if it is one of ours, and where the value begins. nil: no field.
    private static func field(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> (Name?, Int)? {
        var at = line.lowerBound
        while at < line.upperBound, bytes[at] > 0x20, bytes[at] != 0x7F, bytes[at] != 0x3A { at += 1 }
        let nameEnd = at
        while at < line.upperBound, isBlank(bytes[at]) { at += 1 }
        guard nameEnd > line.lowerBound, at < line.upperBound, bytes[at] == 0x3A else { return nil }
        return (name(bytes, line.lowerBound..<nameEnd), at + 1)
    }

    private static func name(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Name? {
        let (start, end) = (range.lowerBound, range.upperBound)
        switch range.count {
        case 10: return bytes.hasPrefix(lowercase: "content-id", at: start, to: end) ? .contentID : nil
        case 12: return bytes.hasPrefix(lowercase: "content-type", at: start, to: end) ? .contentType : nil
        case 19: return bytes.hasPrefix(lowercase: "content-disposition", at: start, to: end) ? .disposition : nil
        case 25: return bytes.hasPrefix(lowercase: "content-transfer-encoding", at: start, to: end) ? .transferEncoding : nil
        default: return nil
        }
    }

    /// Whether a field of MIME begins at `start`.
    static func mimeName(_ bytes: UnsafeRawBufferPointer, at start: Int, to end: Int) -> Name? {
        guard start < end, bytes[start] | 0x20 == 0x63 else { return nil }
        var at = start
        while at < min(end, start + 27), bytes[at] > 0x20, bytes[at] != 0x3A { at += 1 }
        let nameEnd = at
        while at < end, isBlank(bytes[at]), at < nameEnd + 64 { at += 1 }
        guard at < end, bytes[at] == 0x3A else { return nil }
        return name(bytes, start..<nameEnd)
    }

    /// A field of MIME behind blanks or control characters, or without its colon.
    private static func hiddenField(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> (Name, Int)? {
        guard var at = bytes[line].firstIndex(where: { $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let start = at
        while at < min(line.upperBound, start + 27), bytes[at] > 0x20, bytes[at] != 0x3A { at += 1 }
        guard at < line.upperBound, let name = name(bytes, start..<at) else { return nil }
        while at < line.upperBound, isBlank(bytes[at]) { at += 1 }
        if at < line.upperBound, bytes[at] == 0x3A { at += 1 }
        return (name, at)
    }
}
