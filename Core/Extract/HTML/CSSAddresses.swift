/// Finds `url()` and `@import` in CSS (CSS Syntax section 4.3.6; CSS Cascade section 2).
enum CSSAddresses {
    /// Calls `body` with each address: its place in `css` and its value, escapes undone. One pass.
    static func each(in css: UnsafeRawBufferPointer, _ body: (Range<Int>, [UInt8]) -> Void) {
        var at = 0
        while at < css.count {
            let byte = css[at] | 0x20
            if byte == UInt8(ascii: "u"), starts(css, at, "url(") {
                at = read(css, from: at + 4, isFunction: true, body)
            } else if css[at] == UInt8(ascii: "@"), starts(css, at, "@import") {
                at += 7
                while at < css.count, HTMLTokenizer.isSpace(css[at]) { at += 1 }
                // With url(), that is found next.
                if at < css.count, css[at] == UInt8(ascii: "\"") || css[at] == UInt8(ascii: "'") {
                    at = read(css, from: at, isFunction: false, body)
                }
            } else {
                at += 1
            }
        }
    }

    private static func starts(_ css: UnsafeRawBufferPointer, _ at: Int, _ word: StaticString) -> Bool {
        guard at + word.utf8CodeUnitCount <= css.count else { return false }
        return word.withUTF8Buffer { word in
            word.indices.allSatisfy { word[$0] == (css[at + $0] &- 65 < 26 ? css[at + $0] | 0x20 : css[at + $0]) }
        }
    }

    /// An address from behind `url(`, or a string; returns where to go on.
    private static func read(
        _ css: UnsafeRawBufferPointer, from start: Int, isFunction: Bool, _ body: (Range<Int>, [UInt8]) -> Void
    ) -> Int {
        var at = start
        while at < css.count, HTMLTokenizer.isSpace(css[at]) { at += 1 }
        guard at < css.count else { return at }
        let first = css[at]
        let quote: UInt8? = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") ? first : nil
        if quote != nil { at += 1 }
        let begin = at
        var value: [UInt8] = []
        while at < css.count,
            quote.map({ css[at] != $0 && css[at] != 10 }) ?? (css[at] != UInt8(ascii: ")") && !HTMLTokenizer.isSpace(css[at]))
        {
            // More than is kept, so that it is seen to be cut.
            if css[at] == UInt8(ascii: "\\") {
                at = CSSText.escape(css, at + 1) { if value.count <= HTMLLink.mostBytes { value.append($0) } }
            } else {
                if value.count <= HTMLLink.mostBytes { value.append(css[at]) }
                at += 1
            }
        }
        body(begin..<at, value)
        return at
    }
}
