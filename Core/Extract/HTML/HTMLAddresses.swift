import Mail

/// Finds the addresses in the value of an attribute.
enum HTMLAddresses {
    /// Calls `body` with each: its place in the value, its bytes, what it is.
    static func each(
        in value: UnsafeRawBufferPointer, of kind: HTMLAttributeKind, _ element: HTMLElement,
        _ body: (Range<Int>, UnsafeRawBufferPointer, ContentURL.Source) -> Void
    ) {
        func one(_ source: ContentURL.Source) { body(0..<value.count, UnsafeRawBufferPointer(rebasing: value.prefix(mostBytes)), source) }
        switch kind {
        case .href:
            switch element {
            case .link, .image, .base: one(.fetch)
            default: one(.link)
            }
        case .xlinkHref: one(element == .a ? .link : .fetch)
        case .source, .background: one(.fetch)
        case .action: one(.link)
        case .data: if element == .object || element == .applet || element == .embed { one(.fetch) }
        case .list:
            for part in value.split(whereSeparator: { HTMLTokenizer.isSpace($0) || $0 == UInt8(ascii: ",") }) {
                body(part.startIndex..<part.endIndex, UnsafeRawBufferPointer(rebasing: part.prefix(mostBytes)), .fetch)
            }
        case .animated:
            for part in value.split(separator: UInt8(ascii: ";")) {
                body(part.startIndex..<part.endIndex, UnsafeRawBufferPointer(rebasing: part.prefix(mostBytes)), .link)
            }
        case .srcset: candidates(value, body)
        case .style: CSSAddresses.each(in: value) { place, address in address.withUnsafeBytes { body(place, $0, .fetch) } }
        case .content: if element == .meta { refresh(value, body) }
        default: break
        }
    }

    /// One byte more than is kept of an address and room for white space, so that what is cut is seen to be.
    private static let mostBytes = HTMLLink.mostBytes + 64

    /// HTML, section 4.8.4.3.10: an address, then up to a comma what it is for.
    private static func candidates(_ value: UnsafeRawBufferPointer, _ body: (Range<Int>, UnsafeRawBufferPointer, ContentURL.Source) -> Void)
    {
        var at = 0
        while at < value.count {
            while at < value.count, HTMLTokenizer.isSpace(value[at]) || value[at] == UInt8(ascii: ",") { at += 1 }
            let start = at
            while at < value.count, !HTMLTokenizer.isSpace(value[at]) { at += 1 }
            var end = at
            let hadComma = end > start && value[end - 1] == UInt8(ascii: ",")
            while end > start, value[end - 1] == UInt8(ascii: ",") { end -= 1 }
            if end > start { body(start..<end, UnsafeRawBufferPointer(rebasing: value[start..<end].prefix(mostBytes)), .fetch) }
            if !hadComma { while at < value.count, value[at] != UInt8(ascii: ",") { at += 1 } }
        }
    }

    /// HTML, section 4.2.5.3: `5; url='...'`.
    private static func refresh(_ value: UnsafeRawBufferPointer, _ body: (Range<Int>, UnsafeRawBufferPointer, ContentURL.Source) -> Void) {
        var at = 0
        func skip(_ isSkipped: (UInt8) -> Bool) { while at < value.count, isSkipped(value[at]) { at += 1 } }
        skip(HTMLTokenizer.isSpace)
        let digits = at
        skip { $0 &- 48 < 10 || $0 == UInt8(ascii: ".") }
        guard at > digits, at < value.count,
            HTMLTokenizer.isSpace(value[at]) || value[at] == UInt8(ascii: ";") || value[at] == UInt8(ascii: ",")
        else { return }
        skip(HTMLTokenizer.isSpace)
        guard at < value.count else { return }
        if value[at] == UInt8(ascii: ";") || value[at] == UInt8(ascii: ",") { at += 1 }
        skip(HTMLTokenizer.isSpace)
        if value.count - at >= 3, value[at..<at + 3].map({ $0 | 0x20 }).elementsEqual("url".utf8) {
            let word = at
            at += 3
            skip(HTMLTokenizer.isSpace)
            if at < value.count, value[at] == UInt8(ascii: "=") {
                at += 1
                skip(HTMLTokenizer.isSpace)
            } else {
                at = word
            }
        }
        guard at < value.count else { return }
        var end = value.count
        if value[at] == UInt8(ascii: "\"") || value[at] == UInt8(ascii: "'") {
            let quote = value[at]
            at += 1
            end = value[at...].firstIndex(of: quote) ?? end
        }
        if at < end { body(at..<end, UnsafeRawBufferPointer(rebasing: value[at..<end].prefix(mostBytes)), .refresh) }
    }
}
