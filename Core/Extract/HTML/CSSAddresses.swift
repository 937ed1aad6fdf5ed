/// Finds what `url()`, `@import` and `image-set()` fetch (CSS Syntax section 4.3; CSS Cascade section 2; CSS Images section 2.4).
struct CSSAddresses {
    typealias Body = (Range<Int>, [UInt8]) -> Void

    private let css: UnsafeRawBufferPointer
    private var at: Int
    /// Inside a comment or a string, which some programs read past: neither begins there.
    private let isPlain: Bool
    /// Behind `@import`, but for white space and comments.
    private var isImport = false
    /// Brackets open since `image-set(`.
    private var depth = 0

    private init(_ css: UnsafeRawBufferPointer, from start: Int = 0, isPlain: Bool = false) {
        self.css = css
        at = start
        self.isPlain = isPlain
    }

    /// Calls `body` with each address: its place in `css` and its value, escapes undone. Each byte is looked at twice at most.
    static func each(in css: UnsafeRawBufferPointer, _ body: Body) {
        var addresses = Self(css)
        while addresses.at < css.count { addresses.next(body) }
    }

    private mutating func next(_ body: Body) {
        let byte = css[at]
        if HTMLTokenizer.isSpace(byte) {
            at += 1
            return
        }
        if byte == UInt8(ascii: "/"), !isPlain, at + 1 < css.count, css[at + 1] == UInt8(ascii: "*") {
            comment(body)
            return
        }
        let isWanted = isImport || depth > 0
        isImport = false
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if isWanted || !isPlain { string(isAddress: isWanted, body) } else { at += 1 }
        case UInt8(ascii: "@"):
            at += 1
            isImport = take("import")
        case UInt8(ascii: "("):
            at += 1
            if depth > 0 { depth += 1 }
        case UInt8(ascii: ")"):
            at += 1
            if depth > 0 { depth -= 1 }
        default: name(body)
        }
    }

    private mutating func name(_ body: Body) {
        if take("url(") {
            url(body)
        } else if isPlain {
            at += 1
        } else if take("image-set(") || take("-webkit-image-set(") {
            depth += 1
        } else if depth > 0, take("type(") {
            depth += 1
            skipSpace()
            if isAtQuote { string(isAddress: false, body) }
        } else {
            let start = at
            while at < css.count {
                if CSSText.isNameByte(css[at]) { at += 1 } else if isAtEscape { escape { _ in } } else { break }
            }
            if at == start { at += 1 }
        }
    }

    /// Goes behind a word, if it is here, written with escapes or not.
    private mutating func take(_ word: StaticString) -> Bool {
        let start = at
        for wanted in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
            var found: UInt8 = 0
            // A bracket that is escaped is a letter.
            if isAtEscape, wanted != UInt8(ascii: "(") {
                escape { found = $0 }
            } else if at < css.count {
                found = css[at]
                at += 1
            }
            if (found &- 65 < 26 ? found | 0x20 : found) != wanted {
                at = start
                return false
            }
        }
        return true
    }

    private mutating func url(_ body: Body) {
        skipSpace()
        if isAtQuote {
            if depth > 0 { depth += 1 }
            string(isAddress: true, body)
            return
        }
        let begin = at
        var value: [UInt8] = []
        while at < css.count, css[at] != UInt8(ascii: ")"), !HTMLTokenizer.isSpace(css[at]) { read(into: &value) }
        body(begin..<at, value)
        guard !isPlain else { return }
        let rest = at
        while at < css.count, css[at] != UInt8(ascii: ")") { if isAtEscape { escape { _ in } } else { at += 1 } }
        plain(rest..<at, body)
        at += 1
    }

    private mutating func string(isAddress: Bool, _ body: Body) {
        let quote = css[at]
        at += 1
        let begin = at
        var value: [UInt8] = []
        // It ends with its line, too.
        while at < css.count, css[at] != quote, !Self.isNewline(css[at]) { read(into: &value) }
        if isAddress { body(begin..<at, value) } else { plain(begin..<at, body) }
        if at < css.count, css[at] == quote { at += 1 }
    }

    private mutating func comment(_ body: Body) {
        let begin = at + 2
        at = begin
        while at + 1 < css.count, css[at] != UInt8(ascii: "*") || css[at + 1] != UInt8(ascii: "/") { at += 1 }
        let isClosed = at + 1 < css.count
        if !isClosed { at = css.count }
        plain(begin..<at, body)
        if isClosed { at += 2 }
    }

    private func plain(_ range: Range<Int>, _ body: Body) {
        guard !range.isEmpty else { return }
        var inner = Self(UnsafeRawBufferPointer(rebasing: css[..<range.upperBound]), from: range.lowerBound, isPlain: true)
        while inner.at < range.upperBound { inner.next(body) }
    }

    /// One character of an address.
    private mutating func read(into value: inout [UInt8]) {
        // More than is kept, so that it is seen to be cut.
        func keep(_ byte: UInt8) { if value.count <= HTMLLink.mostBytes { value.append(byte) } }
        if css[at] == UInt8(ascii: "\\") {
            escape(keep)
        } else {
            keep(css[at])
            at += 1
        }
    }

    /// Reads the escape that begins here; behind its digits, and in place of a character, CR LF is one line's end.
    private mutating func escape(_ body: (UInt8) -> Void) {
        at += 1
        guard at < css.count else { return }
        if Self.isNewline(css[at]) { at += 1 } else { at = CSSText.escape(css, at, body) }
        if at < css.count, css[at - 1] == 13, css[at] == 10 { at += 1 }
    }

    private mutating func skipSpace() { while at < css.count, HTMLTokenizer.isSpace(css[at]) { at += 1 } }

    private var isAtQuote: Bool { at < css.count && (css[at] == UInt8(ascii: "\"") || css[at] == UInt8(ascii: "'")) }

    private var isAtEscape: Bool { at + 1 < css.count && css[at] == UInt8(ascii: "\\") && !Self.isNewline(css[at + 1]) }

    private static func isNewline(_ byte: UInt8) -> Bool { byte == 10 || byte == 12 || byte == 13 }
}
