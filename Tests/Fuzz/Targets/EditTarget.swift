import MIME
import Mail

/// A message's header, edited: read again it has the fields that a plain list has after the same edits, the body is the same, no byte that no edit
/// named is another, and nothing new can end a line but where the editor ends one.
///
/// The input: edits, each ended by 0xFF, which is in no UTF-8, then the message. An edit's first byte says what is done, its second to which of the
/// fields with its name, which goes up to a colon; what follows is the value (`name:value` where a field is inserted behind another).
enum EditTarget {
    private static let mostEdits = 6

    /// A field, its value as read by who knows nothing of folds.
    private struct Line: Equatable {
        var name: [UInt8]
        var value: [UInt8]

        /// What is no blank; blanks, line ends and NULs between.
        var words: [[UInt8]] { value.split { [0, 9, 10, 13, 32].contains($0) }.map(Array.init) }

        static func == (a: Line, b: Line) -> Bool { a.name == b.name && a.words == b.words }
    }

    static func run(_ input: UnsafeRawBufferPointer) throws(Finding) {
        let pieces = input.split(separator: 0xFF, maxSplits: mostEdits, omittingEmptySubsequences: false)
        let edits = pieces.dropLast().compactMap { edit(Array($0)) }
        let message = Region(copying: Array(pieces[pieces.count - 1]))
        defer { withExtendedLifetime(message) {} }
        let header = HeaderFields(message.bytes)
        let edited = EditedHeader(message.bytes, header, edits: edits)
        let region = try! edited.region(of: message)
        defer { withExtendedLifetime(region) {} }
        if edited.refused.count == edits.count {
            try expect(region.bytes.elementsEqual(message.bytes), "another message without an edit")
        }
        try checkNew(edited)

        var refused = edited.refused
        var done: [HeaderEdit] = []
        for edit in edits { if refused.first == edit { refused.removeFirst() } else { done.append(edit) } }
        try expect(refused.isEmpty, "refused that were not asked for: \(refused)")
        try checkKept(edited, message, header, done)
        try checkRead(region, message, header, done)
    }

    private static func edit(_ bytes: [UInt8]) -> HeaderEdit? {
        guard bytes.count >= 2 else { return nil }
        let words = bytes[2...].split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        let name = text(words[0])
        let value = text(bytes[2...].dropFirst(words[0].count + 1))
        let nth = Int(bytes[1] & 3)
        switch bytes[0] % 5 {
        case 0: return .insertTop(name: name, value: value)
        case 1: return .append(field: name, nth: nth, text: value)
        case 2: return .replace(field: name, nth: nth, value: value)
        case 3: return .delete(field: name, nth: nth)
        default:
            return .insertAfter(
                field: name, nth: nth, name: words.count > 1 ? text(words[1]) : "", value: words.count > 2 ? text(words[2]) : "")
        }
    }

    /// New bytes: no NUL, no CR without its LF; an LF ends a line of the message's own kind, or a fold.
    private static func checkNew(_ edited: EditedHeader) throws(Finding) {
        for case .new(let new) in edited.pieces {
            try expect(!new.contains(0), "a new NUL")
            for (at, byte) in new.enumerated() where byte == 13 {
                try expect(at + 1 < new.count && new[at + 1] == 10, "a new CR alone")
            }
        }
    }

    /// What is left out is the values that are replaced and the fields that are deleted, and all else is there, in order.
    private static func checkKept(
        _ edited: EditedHeader, _ message: Region, _ header: HeaderFields, _ done: [HeaderEdit]
    ) throws(Finding) {
        var isLeftOut = [Bool](repeating: false, count: message.count)
        for edit in done {
            switch edit {
            case .delete(let name, let nth):
                let field = named(name, header, message)[nth - 1]
                for at in field.start..<field.end { isLeftOut[at] = true }
            case .replace(let name, let nth, _):
                let field = named(name, header, message)[nth - 1]
                for at in field.valueStart..<field.end - ending(message.bytes[field.valueStart..<field.end]) { isLeftOut[at] = true }
            default: break
            }
        }
        let kept = message.bytes.indices.filter { !isLeftOut[$0] }
        let original = edited.pieces.flatMap { piece -> [Int] in
            if case .original(let range) = piece { Array(range) } else { [] }
        }
        try expect(original == kept, "bytes at \(original) are kept where \(kept) should be")
    }

    /// Read again.
    private static func checkRead(
        _ region: Region, _ message: Region, _ header: HeaderFields, _ done: [HeaderEdit]
    ) throws(Finding) {
        let after = HeaderFields(region.bytes)
        let body = message.bytes[header.bodyStart...]
        try expect(
            (after.isMalformed == header.isMalformed || header.fields.isEmpty) && region.bytes[after.bodyStart...].elementsEqual(body),
            "the body is \(String(decoding: region.bytes[after.bodyStart...], as: UTF8.self).debugDescription)")
        let read = after.fields.map { line($0, region) }
        let wanted = edited(message, header, done)
        try expect(read == wanted, "the header is \(read.map(described)), not \(wanted.map(described)), after \(done)")
    }

    /// A plain list of fields after the same edits.
    private static func edited(_ message: Region, _ header: HeaderFields, _ done: [HeaderEdit]) -> [Line] {
        var top: [Line] = []
        var groups = header.fields.map { (field: $0, line: Optional(line($0, message)), appended: [UInt8](), after: [Line]()) }
        func index(_ name: String, _ nth: Int) -> Int {
            let field = named(name, header, message)[nth - 1]
            return groups.firstIndex { $0.field == field }!
        }
        for edit in done {
            switch edit {
            case .insertTop(let name, let value): top.append(Line(name: Array(name.utf8), value: Array(value.utf8)))
            case .append(let name, let nth, let text): groups[index(name, nth)].appended += Array(text.utf8)
            case .replace(let name, let nth, let value): groups[index(name, nth)].line?.value = Array(value.utf8)
            case .delete(let name, let nth): groups[index(name, nth)].line = nil
            case .insertAfter(let near, let nth, let name, let value):
                groups[index(near, nth)].after.append(Line(name: Array(name.utf8), value: Array(value.utf8)))
            }
        }
        return top
            + groups.flatMap { group -> [Line] in
                var line = group.line
                line?.value += group.appended
                return (line.map { [$0] } ?? []) + group.after
            }
    }

    private static func named(_ name: String, _ header: HeaderFields, _ message: Region) -> [HeaderFields.Field] {
        let wanted = name.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
        return header.fields.filter { field in
            message.bytes[field.start..<field.nameEnd].map { (65...90).contains($0) ? $0 | 0x20 : $0 } == wanted
        }
    }

    private static func line(_ field: HeaderFields.Field, _ region: Region) -> Line {
        let value = region.bytes[field.valueStart..<field.end]
        return Line(name: Array(region.bytes[field.start..<field.nameEnd]), value: Array(value.dropLast(ending(value))))
    }

    /// Bytes of a line's end, CRs before the LF among them.
    private static func ending(_ value: Slice<UnsafeRawBufferPointer>) -> Int {
        let hasLF = value.last == 10
        return (hasLF ? 1 : 0) + value.dropLast(hasLF ? 1 : 0).reversed().prefix { $0 == 13 }.count
    }

    private static func described(_ line: Line) -> String {
        "\(String(decoding: line.name, as: UTF8.self)): \(String(decoding: line.value, as: UTF8.self).debugDescription)"
    }
}
