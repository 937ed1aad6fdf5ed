import Mail

/// A message with its header edited: pieces of the message as it came and new bytes between. Every byte that no edit names is as it was.
public struct EditedHeader: Sendable {
    public enum Piece: Hashable, Sendable {
        /// Of the message as it came.
        case original(Range<Int>)
        case new([UInt8])
    }

    public private(set) var pieces: [Piece] = []
    /// Edits of fields that are not there, or with a name that is none: nothing was done for them.
    public private(set) var refused: [HeaderEdit] = []

    /// What becomes of one field.
    private struct Change {
        var isDeleted = false
        var value: [UInt8]?
        var appended: [UInt8] = []
        var after: [UInt8] = []
    }

    /// Without some ranges: in their order, none within another.
    init(_ bytes: UnsafeRawBufferPointer, without ranges: [Range<Int>]) {
        var at = 0
        for range in ranges {
            keep(at..<range.lowerBound)
            at = range.upperBound
        }
        keep(at..<bytes.count)
    }

    /// Linear in the message's header and the edits. New lines end as the message's first line does.
    public init(_ bytes: UnsafeRawBufferPointer, _ header: HeaderFields, edits: [HeaderEdit]) {
        let lineEnd = Self.lineEnd(bytes)
        var top: [UInt8] = []
        var changes: [Int: Change] = [:]
        let places = Self.places(bytes, header, edits)
        for edit in edits {
            switch edit {
            case .insertTop(let name, let value):
                if let field = Self.field(name, value, lineEnd) { top += field } else { refused.append(edit) }
            case .insertAfter(let near, let nth, let name, let value):
                guard let field = Self.field(name, value, lineEnd), let index = places[near.lowercased()]?.at(nth) else {
                    refused.append(edit)
                    continue
                }
                changes[index, default: Change()].after += field
            case .append(let name, let nth, let text):
                guard let index = places[name.lowercased()]?.at(nth) else {
                    refused.append(edit)
                    continue
                }
                changes[index, default: Change()].appended += Self.safe(text)
            case .replace(let name, let nth, let value):
                guard let index = places[name.lowercased()]?.at(nth) else {
                    refused.append(edit)
                    continue
                }
                changes[index, default: Change()].value = [0x20] + Self.safe(value)
            case .delete(let name, let nth):
                guard let index = places[name.lowercased()]?.at(nth) else {
                    refused.append(edit)
                    continue
                }
                changes[index, default: Change()].isDeleted = true
            }
        }
        add(top)
        // What begins with a blank is no field, and would be more of the last one that stands above it.
        if !top.isEmpty, header.fields.isEmpty, let first = bytes.first, isBlank(first) { add(lineEnd) }
        var at = 0
        for index in changes.keys.sorted() {
            at = apply(changes[index]!, header.fields[index], bytes, lineEnd, from: at)
        }
        keep(at..<bytes.count)
    }

    /// Offset up to which the message is taken.
    private mutating func apply(
        _ change: Change, _ field: HeaderFields.Field, _ bytes: UnsafeRawBufferPointer, _ lineEnd: [UInt8], from at: Int
    ) -> Int {
        if change.isDeleted {
            keep(at..<field.start)
            add(change.after)
            return field.end
        }
        let textEnd = bytes.endOfText(field.valueStart..<field.end)
        if let value = change.value {
            keep(at..<field.valueStart)
            add(value + change.appended)
        } else {
            keep(at..<textEnd)
            add(change.appended)
        }
        keep(textEnd..<field.end)
        // At the message's very end; a CR alone ends no line.
        if !change.after.isEmpty, bytes[field.end - 1] != 0x0A { add(lineEnd) }
        add(change.after)
        return field.end
    }

    private mutating func keep(_ range: Range<Int>) {
        if range.isEmpty { return }
        if case .original(let last) = pieces.last, last.upperBound == range.lowerBound {
            pieces[pieces.count - 1] = .original(last.lowerBound..<range.upperBound)
        } else {
            pieces.append(.original(range))
        }
    }

    private mutating func add(_ bytes: [UInt8]) { if !bytes.isEmpty { pieces.append(.new(bytes)) } }

    /// Indices of the fields that edits name, by name in lower case.
    private static func places(_ bytes: UnsafeRawBufferPointer, _ header: HeaderFields, _ edits: [HeaderEdit]) -> [String: [Int]] {
        var places: [String: [Int]] = [:]
        for edit in edits {
            switch edit {
            case .insertTop: break
            case .insertAfter(let name, _, _, _), .append(let name, _, _), .replace(let name, _, _), .delete(let name, _):
                places[name.lowercased()] = []
            }
        }
        if places.isEmpty { return places }
        for (i, field) in header.fields.enumerated() { places[bytes[field.start..<field.nameEnd].lowercased.text]?.append(i) }
        return places
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard let newline = bytes.offset(of: 0x0A, in: 0..<bytes.count) else { return [0x0D, 0x0A] }
        return newline > 0 && bytes[newline - 1] == 0x0D ? [0x0D, 0x0A] : [0x0A]
    }

    /// RFC 5322 section 3.6.8. nil: a name that is none.
    private static func field(_ name: String, _ value: String, _ lineEnd: [UInt8]) -> [UInt8]? {
        guard !name.isEmpty, name.utf8.allSatisfy({ (33...126).contains($0) && $0 != 0x3A }) else { return nil }
        return Array(name.utf8) + [0x3A, 0x20] + safe(value) + lineEnd
    }

    /// A value that stays one: folds with text in front of and behind them are kept, everything else that could end a line becomes a blank.
    private static func safe(_ value: String) -> [UInt8] {
        var out: [UInt8] = []
        var hasText = false
        for (i, line) in value.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let endsInCR = line.last == 0x0D
            let clean = (endsInCR ? line.dropLast() : line[...]).map { $0 == 0x0D || $0 == 0 ? 0x20 : $0 }
            let lineHasText = clean.contains { $0 > 0x20 }
            if i > 0 {
                if hasText, lineHasText, isBlank(clean[0]) { out += [0x0D, 0x0A] } else { out.append(0x20) }
            }
            out += clean
            hasText = hasText || lineHasText
        }
        return out
    }

    /// The edited message. A large one is written to the spool, if there is one, and throws what that throws.
    public func region(of message: Region, spool: (any BodySpool)? = nil) throws(StoreFailure) -> Region {
        var builder = RegionBuilder(capacity: message.count, spool: spool)
        for piece in pieces {
            switch piece {
            case .original(let range): builder.append(UnsafeRawBufferPointer(rebasing: message.bytes[range]))
            case .new(let bytes): bytes.withUnsafeBytes { builder.append($0) }
            }
        }
        return try builder.seal()
    }
}

extension [Int] {
    /// Counted from 1.
    fileprivate func at(_ nth: Int) -> Int? { nth >= 1 && nth <= count ? self[nth - 1] : nil }
}
