import Mail

/// An attribute that has addresses in it, and how (HTML, "attributes"; the obsolete ones as clients still take them).
enum HTMLAddressAttribute: Sendable {
    case href, xlinkHref
    /// One address that is fetched.
    case fetched
    /// `data` of an object.
    case data
    /// One address that is followed.
    case followed
    /// Addresses apart by white space or commas.
    case list
    case srcset
    case style
    /// `content` of a meta refresh.
    case refresh

    private static let names: HTMLNames<HTMLAddressAttribute> = {
        let all: [(StaticString, HTMLAddressAttribute)] = [
            ("href", .href), ("xlink:href", .xlinkHref), ("src", .fetched), ("background", .fetched), ("poster", .fetched), ("data", .data),
            ("dynsrc", .fetched), ("lowsrc", .fetched), ("codebase", .fetched), ("manifest", .fetched), ("icon", .fetched),
            ("action", .followed), ("formaction", .followed), ("cite", .followed), ("longdesc", .followed), ("usemap", .followed),
            ("profile", .list), ("archive", .list), ("ping", .list), ("classid", .data), ("code", .data), ("srcset", .srcset),
            ("imagesrcset", .srcset), ("style", .style), ("content", .refresh),
        ]
        return HTMLNames(all.map { (HTMLName($0.0), $0.1) })
    }()

    init?(_ name: HTMLName) {
        guard let kind = Self.names[name] else { return nil }
        self = kind
    }

    /// Calls `body` with each address in a value: its place there, its bytes, what it is.
    func each(
        in value: UnsafeRawBufferPointer, of element: HTMLElement, _ body: (Range<Int>, [UInt8], ContentURL.Source) -> Void
    ) {
        func one(_ source: ContentURL.Source) { body(0..<value.count, Array(value.prefix(Self.mostBytes)), source) }
        switch self {
        case .href:
            switch element {
            case .link, .image, .base: one(.fetch)
            default: one(.link)
            }
        case .xlinkHref: one(element == .a ? .link : .fetch)
        case .fetched: one(.fetch)
        case .followed: one(.link)
        case .data: if element == .object || element == .applet || element == .embed { one(.fetch) }
        case .list:
            for part in value.split(whereSeparator: { HTMLTokenizer.isSpace($0) || $0 == UInt8(ascii: ",") }) {
                body(part.startIndex..<part.endIndex, Array(part.prefix(Self.mostBytes)), .fetch)
            }
        case .srcset: Self.candidates(value, body)
        case .style: CSSAddresses.each(in: value) { body($0, $1, .fetch) }
        case .refresh: if element == .meta { Self.refresh(value, body) }
        }
    }

    /// One byte more than is kept of an address and room for white space, so that what is cut is seen to be.
    private static let mostBytes = HTMLLink.mostBytes + 64

    /// HTML, section 4.8.4.3.10: an address, then up to a comma what it is for.
    private static func candidates(_ value: UnsafeRawBufferPointer, _ body: (Range<Int>, [UInt8], ContentURL.Source) -> Void) {
        var at = 0
        while at < value.count {
            while at < value.count, HTMLTokenizer.isSpace(value[at]) || value[at] == UInt8(ascii: ",") { at += 1 }
            let start = at
            while at < value.count, !HTMLTokenizer.isSpace(value[at]) { at += 1 }
            var end = at
            let hadComma = end > start && value[end - 1] == UInt8(ascii: ",")
            while end > start, value[end - 1] == UInt8(ascii: ",") { end -= 1 }
            if end > start { body(start..<end, Array(value[start..<end].prefix(mostBytes)), .fetch) }
            if !hadComma { while at < value.count, value[at] != UInt8(ascii: ",") { at += 1 } }
        }
    }

    /// HTML, section 4.2.5.3: `5; url='...'`.
    private static func refresh(_ value: UnsafeRawBufferPointer, _ body: (Range<Int>, [UInt8], ContentURL.Source) -> Void) {
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
        if at < end { body(at..<end, Array(value[at..<end].prefix(mostBytes)), .refresh) }
    }
}
