import func Glibc.memchr

/// Takes HTML apart as browsers do (HTML, section 13.2.5), token by token: one pass over bytes that are UTF-8 already, never back by more than a
/// few bytes, no allocation per token. `input` must stay valid as long as it is used.
struct HTMLTokenizer {
    /// What the next bytes are (HTML, section 13.2.5: which state the tree construction set).
    private enum Content {
        case data
        /// title, textarea: references, no tags.
        case escapable
        /// style, xmp, iframe, noembed, noframes: neither.
        case raw
        case script
        case plaintext
    }

    let input: UnsafeRawBufferPointer
    let end: Int
    private(set) var at: Int
    private var content = Content.data
    /// Whose end tag ends `content`.
    private var enclosing = HTMLName()

    /// The one that was returned last.
    private(set) var tag: HTMLTag
    /// Set by who builds the tree: within svg or math, where CDATA sections are and no element has a content of its own.
    var isForeign = false

    init(_ input: UnsafeRawBufferPointer, _ range: Range<Int>? = nil) {
        self.input = input
        tag = HTMLTag(input)
        at = range?.lowerBound ?? 0
        end = range?.upperBound ?? input.count
    }

    /// nil at the end.
    mutating func next() -> HTMLToken? {
        while at < end {
            let token: HTMLToken? =
                switch content {
                case .data: data()
                case .escapable: text(references: true)
                case .raw: text(references: false)
                case .script: script()
                case .plaintext: rest()
                }
            if let token { return token }
        }
        return nil
    }

    private mutating func rest() -> HTMLToken {
        defer { at = end }
        return .text(at..<end)
    }

    // MARK: Data

    /// nil: nothing that shows, go on.
    private mutating func data() -> HTMLToken? {
        let start = at
        while at < end {
            let byte = input[at]
            if byte == UInt8(ascii: "<"), opensMarkup(at + 1) {
                return at > start ? .text(start..<at) : markup()
            }
            if byte == UInt8(ascii: "&"), let match = CharacterReferences.shared.match(input, at: at + 1, end: end, inAttribute: false) {
                if at > start { return .text(start..<at) }
                return reference(match)
            }
            at += 1
        }
        return .text(start..<end)
    }

    private mutating func reference(_ match: CharacterReferences.Match) -> HTMLToken {
        let start = at
        at += 1 + match.length
        return .reference(match.first, match.second, start..<at)
    }

    /// Whether a `<` in front of `place` is more than a character.
    private func opensMarkup(_ place: Int) -> Bool {
        guard place < end else { return false }
        let byte = input[place]
        return (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "?")
            || byte == UInt8(ascii: "/") && place + 1 < end
    }

    private mutating func markup() -> HTMLToken? {
        switch input[at + 1] {
        case UInt8(ascii: "!"): return declaration()
        case UInt8(ascii: "?"): return bogus(from: at + 1)
        case UInt8(ascii: "/"):
            let byte = input[at + 2]
            if byte == UInt8(ascii: ">") {
                at += 3
                return nil
            }
            guard (byte | 0x20) &- 97 < 26 else { return bogus(from: at + 2) }
            at += 2
            guard tag.read(&at, end) else { return nil }
            return .endTag
        default:
            at += 1
            guard tag.read(&at, end) else { return nil }
            enter()
            return .startTag
        }
    }

    /// What the content of an element that just began is.
    private mutating func enter() {
        guard !isForeign else { return }
        switch tag.element {
        case .title, .textarea: content = .escapable
        case .style, .xmp, .iframe, .noembed, .noframes: content = .raw
        case .script: content = .script
        case .plaintext: content = .plaintext
        default: return
        }
        enclosing = tag.name
    }

    private mutating func declaration() -> HTMLToken {
        if at + 4 <= end, input[at + 2] == UInt8(ascii: "-"), input[at + 3] == UInt8(ascii: "-") { return comment() }
        if isForeign, at + 9 <= end, "[CDATA[".utf8.elementsEqual(input[(at + 2)..<(at + 9)]) { return section() }
        return bogus(from: at + 2)
    }

    private mutating func bogus(from start: Int) -> HTMLToken {
        let close = find(UInt8(ascii: ">"), from: start)
        at = min(close + 1, end)
        return .declaration(start..<close)
    }

    /// The next place of `byte`, or the end.
    static func find(_ byte: UInt8, in input: UnsafeRawBufferPointer, from start: Int, _ end: Int) -> Int {
        guard start < end, let found = memchr(input.baseAddress! + start, Int32(byte), end - start) else { return end }
        return input.baseAddress!.distance(to: UnsafeRawPointer(found))
    }

    private func find(_ byte: UInt8, from start: Int) -> Int { Self.find(byte, in: input, from: start, end) }

    /// `-->`, `--!>`; `<!-->` and `<!--->` are whole.
    private mutating func comment() -> HTMLToken {
        let start = at + 4
        var close = find(UInt8(ascii: ">"), from: start)
        while close < end {
            let length = close - start
            if length == 0 || length == 1 && input[start] == UInt8(ascii: "-") {
                at = close + 1
                return .comment(start..<start)
            }
            let dashes = input[close - 1] == UInt8(ascii: "!") ? close - 1 : close
            if dashes - start >= 2, input[dashes - 1] == UInt8(ascii: "-"), input[dashes - 2] == UInt8(ascii: "-") {
                at = close + 1
                return .comment(start..<dashes - 2)
            }
            close = find(UInt8(ascii: ">"), from: close + 1)
        }
        at = end
        return .comment(min(start, end)..<end)
    }

    /// `<![CDATA[` to `]]>`.
    private mutating func section() -> HTMLToken {
        let start = at + 9
        var close = find(UInt8(ascii: ">"), from: start)
        while close < end {
            if close - start >= 2, input[close - 1] == UInt8(ascii: "]"), input[close - 2] == UInt8(ascii: "]") {
                at = close + 1
                return .text(start..<close - 2)
            }
            close = find(UInt8(ascii: ">"), from: close + 1)
        }
        at = end
        return .text(start..<end)
    }

    // MARK: Elements with a content of their own

    /// Whether `</name` and what ends a name stand at `place`, a `<`.
    private func isEndTag(_ place: Int) -> Bool {
        guard place + 1 < end, input[place + 1] == UInt8(ascii: "/") else { return false }
        return isName(enclosing, at: place + 2)
    }

    private func isName(_ name: HTMLName, at place: Int) -> Bool {
        let after = place + name.length
        guard after < end, Self.endsName(input[after]) else { return false }
        return HTMLName(input[place..<after]) == name
    }

    static func endsName(_ byte: UInt8) -> Bool { isSpace(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">") }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 12 || byte == 13 }

    private mutating func text(references: Bool) -> HTMLToken? {
        let start = at
        while at < end {
            let byte = input[at]
            if byte == UInt8(ascii: "<"), isEndTag(at) { return at > start ? .text(start..<at) : leave() }
            if references, byte == UInt8(ascii: "&"),
                let match = CharacterReferences.shared.match(input, at: at + 1, end: end, inAttribute: false)
            {
                if at > start { return .text(start..<at) }
                return reference(match)
            }
            at += 1
        }
        return .text(start..<end)
    }

    private mutating func leave() -> HTMLToken? {
        content = .data
        return markup()
    }

    private static let scriptName = HTMLName("script")

    /// Up to the end tag that counts: behind `<!--` and `<script`, `</script` ends the inner one (HTML, sections 13.2.5.15 to 31).
    private mutating func script() -> HTMLToken? {
        let start = at
        var isEscaped = false
        var isDoubleEscaped = false
        var dashes = 0
        while at < end {
            let byte = input[at]
            if byte == UInt8(ascii: "-") {
                dashes += 1
            } else {
                if byte == UInt8(ascii: ">"), dashes >= 2 {
                    isEscaped = false
                    isDoubleEscaped = false
                }
                dashes = 0
                if byte == UInt8(ascii: "<"), at + 1 < end {
                    if !isEscaped, at + 4 <= end, "!--".utf8.elementsEqual(input[(at + 1)..<(at + 4)]) {
                        isEscaped = true
                        dashes = 2
                        at += 4
                        continue
                    }
                    if isDoubleEscaped, isEndTag(at) {
                        isDoubleEscaped = false
                    } else if !isDoubleEscaped, isEndTag(at) {
                        return at > start ? .text(start..<at) : leave()
                    } else if isEscaped, !isDoubleEscaped, isName(Self.scriptName, at: at + 1) {
                        isDoubleEscaped = true
                    }
                }
            }
            at += 1
        }
        return .text(start..<end)
    }
}
