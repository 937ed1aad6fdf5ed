import func Glibc.memchr

/// The tag that the tokenizer stands behind (HTML, sections 13.2.5.6 to 13.2.5.40).
struct HTMLTag {
    private let kinds = HTMLAttributeKind.names
    private let elements = HTMLElement.names
    let input: UnsafeRawBufferPointer

    private(set) var name = HTMLName()
    private(set) var element = HTMLElement.unknown
    private(set) var isSelfClosing = false
    /// Of Outlook's drawings: `v:rect`.
    private(set) var isVector = false
    private(set) var attributes: [HTMLAttribute] = []
    /// Values with their references undone.
    private(set) var decoded: [UInt8] = []
    /// A tag, this or one before, had more attributes than are kept.
    private(set) var hasManyAttributes = false

    /// Attributes kept of one tag.
    static let mostAttributes = 256

    init(_ input: UnsafeRawBufferPointer) { self.input = input }

    /// The value of the first attribute of that name, as browsers take it; nil: none.
    func attribute(_ name: HTMLName) -> HTMLAttribute? { attributes.first { $0.name == name } }

    func attribute(_ kind: HTMLAttributeKind) -> HTMLAttribute? { attributes.first { $0.kind == kind } }

    /// The bytes of a value, valid until the next token.
    func withValue<T>(_ attribute: HTMLAttribute, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        if attribute.isVerbatim { return try body(UnsafeRawBufferPointer(rebasing: input[attribute.value])) }
        return try decoded.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[attribute.value])) }
    }

    /// Reads a tag whose name begins at `at`, and goes behind it. false: it does not end before `end`, and is nothing.
    mutating func read(_ at: inout Int, _ end: Int) -> Bool {
        attributes.removeAll(keepingCapacity: true)
        decoded.removeAll(keepingCapacity: true)
        isSelfClosing = false
        name = HTMLName()
        isVector = at + 1 < end && input[at] | 0x20 == UInt8(ascii: "v") && input[at + 1] == UInt8(ascii: ":")
        while at < end, !HTMLTokenizer.endsName(input[at]) {
            name.append(input[at])
            at += 1
        }
        element = elements[name] ?? .unknown
        while at < end {
            let byte = input[at]
            if byte == UInt8(ascii: ">") {
                at += 1
                return true
            }
            if byte == UInt8(ascii: "/") {
                at += 1
                isSelfClosing = at < end && input[at] == UInt8(ascii: ">")
            } else if HTMLTokenizer.isSpace(byte) {
                at += 1
            } else {
                readAttribute(&at, end)
            }
        }
        return false
    }

    private mutating func readAttribute(_ at: inout Int, _ end: Int) {
        // A `=` in front is part of the name.
        var name = HTMLName()
        let begin = at
        repeat {
            name.append(input[at])
            at += 1
        } while at < end && !HTMLTokenizer.endsName(input[at]) && input[at] != UInt8(ascii: "=")
        let kind = kinds[name] ?? (isHandler(begin..<at) ? .handler : .other)
        var next = at
        while next < end, HTMLTokenizer.isSpace(input[next]) { next += 1 }
        guard next < end, input[next] == UInt8(ascii: "=") else {
            at = next
            return keep(HTMLAttribute(name: name, kind: kind, value: at..<at, isVerbatim: true, span: at..<at))
        }
        at = next + 1
        while at < end, HTMLTokenizer.isSpace(input[at]) { at += 1 }
        guard at < end, input[at] != UInt8(ascii: ">") else {
            return keep(HTMLAttribute(name: name, kind: kind, value: at..<at, isVerbatim: true, span: at..<at))
        }
        let quote = input[at]
        let start: Int
        let stop: Int
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            start = at + 1
            stop = HTMLTokenizer.find(quote, in: input, from: start, end)
            at = min(stop + 1, end)
        } else {
            start = at
            while at < end, input[at] != UInt8(ascii: ">"), !HTMLTokenizer.isSpace(input[at]) { at += 1 }
            stop = at
        }
        guard attributes.count < Self.mostAttributes else { return hasManyAttributes = true }
        let value = undone(start..<stop)
        keep(HTMLAttribute(name: name, kind: kind, value: value ?? start..<stop, isVerbatim: value == nil, span: start..<stop))
    }

    /// `onclick`.
    @inline(__always) private func isHandler(_ name: Range<Int>) -> Bool {
        name.count > 2 && input[name.lowerBound] | 0x20 == UInt8(ascii: "o") && input[name.lowerBound + 1] | 0x20 == UInt8(ascii: "n")
    }

    private mutating func keep(_ attribute: HTMLAttribute) {
        if attributes.count < Self.mostAttributes { attributes.append(attribute) } else { hasManyAttributes = true }
    }

    /// A value's place in `decoded`; nil: it has no reference.
    private mutating func undone(_ span: Range<Int>) -> Range<Int>? {
        guard !span.isEmpty, memchr(input.baseAddress! + span.lowerBound, Int32(UInt8(ascii: "&")), span.count) != nil else { return nil }
        let start = decoded.count
        var place = span.lowerBound
        var copied = place
        while place < span.upperBound {
            guard input[place] == UInt8(ascii: "&"),
                let match = CharacterReferences.shared.match(input, at: place + 1, end: span.upperBound, inAttribute: true)
            else {
                place += 1
                continue
            }
            decoded.append(contentsOf: input[copied..<place])
            decoded.append(contentsOf: UTF8.encode(match.first)!)
            if let second = match.second { decoded.append(contentsOf: UTF8.encode(second)!) }
            place += 1 + match.length
            copied = place
        }
        if copied == span.lowerBound, decoded.count == start { return nil }
        decoded.append(contentsOf: input[copied..<span.upperBound])
        return start..<decoded.count
    }
}
