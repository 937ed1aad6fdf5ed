/// The simple rules of a page's style sheets: by element, class and id, alone or an element's class or id. Rules for other media, windows of a
/// certain size and relations between elements are passed over.
struct CSSRules: Sendable {
    /// Declarations by selector, `div`, `.x`, `div.x`, `#y`, `div#y`, `*`.
    private var plain: [UInt64: CSSDeclarations] = [:]
    private var important: [UInt64: CSSDeclarations] = [:]
    private(set) var isLimited = false

    static let mostSelectors = 10_000
    /// Bytes of style sheets that are read in a page.
    static let mostBytes = 1 << 20

    var isEmpty: Bool { plain.isEmpty && important.isEmpty }

    /// Adds the rules of a style sheet.
    mutating func add(_ sheet: UnsafeRawBufferPointer) {
        let text = CSSParser.normalized(sheet, most: Self.mostBytes)
        if text.count >= Self.mostBytes { isLimited = true }
        var at = 0
        // Ends of `@media` blocks that apply.
        var open = 0
        while at < text.count {
            let byte = text[at]
            if HTMLTokenizer.isSpace(byte) || byte == UInt8(ascii: ";") {
                at += 1
            } else if byte == UInt8(ascii: "}") {
                open = max(0, open - 1)
                at += 1
            } else if text[at...].starts(with: "<!--".utf8) {
                at += 4
            } else if text[at...].starts(with: "-->".utf8) {
                at += 3
            } else {
                let end =
                    text[at...].firstIndex { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: ";") && byte == UInt8(ascii: "@") } ?? text.count
                guard end < text.count, text[end] == UInt8(ascii: "{") else {
                    at = end + 1
                    continue
                }
                let prelude = text[at..<end].trimmed
                if prelude.first == UInt8(ascii: "@") {
                    if Self.applies(prelude) {
                        open += 1
                        at = end + 1
                    } else {
                        at = Self.blockEnd(text, from: end + 1)
                    }
                } else {
                    let close = Self.blockEnd(text, from: end + 1)
                    add(selectors: prelude, block: text[(end + 1)..<max(end + 1, close - 1)])
                    at = close
                }
            }
        }
    }

    /// Behind the brace that closes a block whose opening brace is in front of `start`.
    private static func blockEnd(_ text: [UInt8], from start: Int) -> Int {
        var depth = 1
        var at = start
        while at < text.count {
            if text[at] == UInt8(ascii: "{") { depth += 1 }
            if text[at] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return at + 1 }
            }
            at += 1
        }
        return text.count + 1
    }

    /// `@media` without a condition on the window.
    private static func applies(_ prelude: ArraySlice<UInt8>) -> Bool {
        guard prelude.starts(with: "@media".utf8), !prelude.contains(UInt8(ascii: "(")) else { return false }
        let media = String(decoding: prelude.dropFirst(6).prefix(100), as: UTF8.self)
        return media.isEmpty || media.contains("all") || media.contains("screen") && !media.contains("not")
    }

    private mutating func add(selectors: ArraySlice<UInt8>, block: ArraySlice<UInt8>) {
        let (plain, important) = CSSParser.declarations(block.suffix(block.count))
        if plain.isEmpty, important.isEmpty { return }
        for selector in selectors.split(separator: UInt8(ascii: ",")) {
            guard let key = Self.key(selector.trimmed) else { continue }
            guard self.plain.count + self.important.count < Self.mostSelectors else { return isLimited = true }
            if !plain.isEmpty { self.plain[key, default: .none].merge(plain) }
            if !important.isEmpty { self.important[key, default: .none].merge(important) }
        }
    }

    private static func key(_ selector: ArraySlice<UInt8>) -> UInt64? {
        var selector = selector
        for word in ["body ", "html "] where selector.starts(with: word.utf8) { selector = selector.dropFirst(word.utf8.count).trimmed }
        guard !selector.isEmpty, selector.count <= 256 else { return nil }
        var marks = 0
        for byte in selector {
            if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "#") { marks += 1 }
            if byte == 32 || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: ">")
                || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: "~")
            {
                return nil
            }
        }
        if selector.first == UInt8(ascii: "*"), selector.count > 1 { selector.removeFirst() }
        return marks <= 1 ? hash(selector) : nil
    }

    /// FNV-1a; ASCII letters in either case are equal.
    private static func hash(_ text: some Collection<UInt8>, _ start: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
        var hash = start
        for byte in text { hash = (hash ^ UInt64((65...90).contains(byte) ? byte | 0x20 : byte)) &* 0x100_0000_01B3 }
        return hash
    }

    /// What the rules say of an element, the most specific last. Class names are `classes`, apart by white space; at most 32 are looked at.
    func declarations(
        tag: some Collection<UInt8>, classes: UnsafeRawBufferPointer?, id: UnsafeRawBufferPointer?
    ) -> (plain: CSSDeclarations, important: CSSDeclarations) {
        var plain = CSSDeclarations()
        var important = CSSDeclarations()
        func apply(_ key: UInt64) {
            if let found = self.plain[key] { plain.merge(found) }
            if let found = self.important[key] { important.merge(found) }
        }
        let tagHash = Self.hash(tag)
        apply(Self.hash("*".utf8))
        apply(tagHash)
        if let classes {
            let names = classes.split(maxSplits: 32, whereSeparator: HTMLTokenizer.isSpace).prefix(32)
            for name in names { apply(Self.hash(name, Self.hash(".".utf8))) }
            for name in names { apply(Self.hash(name, Self.hash(".".utf8, tagHash))) }
        }
        if let id {
            apply(Self.hash(id, Self.hash("#".utf8)))
            apply(Self.hash(id, Self.hash("#".utf8, tagHash)))
        }
        return (plain, important)
    }
}
