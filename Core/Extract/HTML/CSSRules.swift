/// The rules of a page's style sheets that can hide text or turn it, and which of them an element is under.
struct CSSRules: Sendable {
    private struct Rule: Sendable {
        var selector: CSSSelector
        /// In `blocks`.
        var block: Int
        /// The next rule of the same key; -1: none.
        var next: Int32
    }

    private var rules: [Rule] = []
    private var blocks: [(plain: CSSDeclarations, important: CSSDeclarations)] = []
    private var index = CSSRuleIndex()
    private var parser = CSSSelectorParser()
    private var hasTooMany = false
    /// Work that may still be done: elements times rules times what is around them must not add up.
    private(set) var steps: Int
    private var given: Int
    private var isSpent = false
    /// By specificity, then order: the rules that an element is under.
    private var found: [UInt64] = []

    static let mostSelectors = 10_000
    /// Bytes of one style sheet that are read.
    static let mostBytes = 1 << 20

    /// `most`: what a page around this one has left.
    init(size: Int, most: Int) {
        given = min(Self.room(size), most)
        steps = given
    }

    /// In proportion: a message may have thousands of small pages.
    private static func room(_ size: Int) -> Int { 4_000 + min(1_000_000, 64 * size) + 2 * size }

    /// Steps that were taken.
    var spent: Int { given - max(0, steps) }

    var isEmpty: Bool { rules.isEmpty }
    var isLimited: Bool { hasTooMany || isSpent || parser.isLimited }
    var hasAttributes: Bool { !parser.tests.isEmpty }

    /// As before any element was looked at.
    mutating func rewind(size: Int, most: Int) {
        given = min(Self.room(size), most)
        steps = given
    }

    /// A page inside this one took so many steps.
    mutating func take(_ count: Int) {
        if count > 0 { _ = spend(count) }
    }

    // MARK: Reading

    mutating func add(_ sheet: UnsafeRawBufferPointer) {
        let text = CSSText.normalized(sheet, most: Self.mostBytes)[...]
        if text.count >= Self.mostBytes { hasTooMany = true }
        var at = 0
        while at < text.endIndex {
            let byte = text[at]
            if HTMLTokenizer.isSpace(byte) || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "}") {
                // The end of a block that applies, and of nothing else.
                at += 1
            } else if text[at...].starts("<!--") {
                at += 4
            } else if text[at...].starts("-->") {
                at += 3
            } else {
                let isAt = byte == UInt8(ascii: "@")
                let end = CSSText.find(text, from: at) { $0 == UInt8(ascii: "{") || isAt && $0 == UInt8(ascii: ";") }
                guard end < text.endIndex, text[end] == UInt8(ascii: "{") else {
                    at = end + 1
                    continue
                }
                let prelude = text[at..<end].trimmed
                if isAt, CSSMedia.applies(prelude) {
                    at = end + 1
                } else {
                    let close = CSSText.find(text, from: end + 1) { $0 == UInt8(ascii: "}") }
                    if !isAt { add(selectors: prelude, block: text[(end + 1)..<close]) }
                    at = close + 1
                }
            }
        }
    }

    private mutating func add(selectors: ArraySlice<UInt8>, block: ArraySlice<UInt8>) {
        let block = CSSParser.declarations(block)
        if block.plain.isEmpty, block.important.isEmpty { return }
        blocks.append(block)
        CSSText.split(selectors, at: UInt8(ascii: ",")) { text in
            guard rules.count < Self.mostSelectors else { return hasTooMany = true }
            guard let selector = parser.selector(text) else { return }
            let next = index.put(rules.count, at: Self.key(selector.compounds[0]))
            rules.append(Rule(selector: selector, block: blocks.count - 1, next: next))
        }
    }

    /// By what few elements have; 0: all must be asked.
    private static func key(_ subject: CSSSelector.Compound) -> UInt64 {
        if subject.id != 0 { return id(subject.id) }
        if let name = subject.classes.first { return className(name) }
        return subject.tag
    }

    private static func id(_ key: UInt64) -> UInt64 { key &+ 0x9E37_79B9_7F4A_7C15 }
    private static func className(_ key: UInt64) -> UInt64 { key ^ 0xC2B2_AE3D_27D4_EB4F }

    // MARK: Asking

    /// Which attribute selectors hold for a tag.
    mutating func attributes(of tag: HTMLTag) -> UInt64 {
        var bits: UInt64 = 0
        for attribute in tag.attributes {
            for (at, test) in parser.tests.enumerated() where test.name == attribute.name {
                let size = min(attribute.value.count, 512)
                guard spend(1 + size + (test.kind == .contains ? size * test.value.count / 8 : 0)) else { return bits }
                if tag.withValue(attribute, { test.holds($0) }) { bits |= 1 << UInt64(at) }
            }
        }
        return bits
    }

    private mutating func spend(_ count: Int) -> Bool {
        steps -= count
        if steps <= 0 { isSpent = true }
        return !isSpent
    }

    /// What is declared of an element, the most specific last.
    mutating func declarations(of place: Int, in elements: CSSElements) -> (plain: CSSDeclarations, important: CSSDeclarations)? {
        guard spend(1) else { return nil }
        found.removeAll(keepingCapacity: true)
        let element = elements.all[place]
        collect(0, place, elements)
        collect(element.tag, place, elements)
        for name in element.names { collect(Self.className(elements.classes[Int(name)]), place, elements) }
        if element.id != 0 { collect(Self.id(element.id), place, elements) }
        if found.isEmpty { return nil }
        if found.count > 1 { found.sort() }
        var all = blocks[rules[Int(found[0] & 0xFFFF_FFFF)].block]
        for entry in found.dropFirst() {
            let block = blocks[rules[Int(entry & 0xFFFF_FFFF)].block]
            all.plain.merge(block.plain)
            all.important.merge(block.important)
        }
        return all
    }

    private mutating func collect(_ key: UInt64, _ place: Int, _ elements: CSSElements) {
        var at = index.first(key)
        if at < 0 { return }
        let around = elements.all[place].around
        while at >= 0, steps > 0 {
            steps -= 1
            if rules[Int(at)].selector.around & ~around == 0, rules[Int(at)].selector.matches(place, of: elements, &steps) {
                found.append(UInt64(rules[Int(at)].selector.specificity) << 32 | UInt64(at))
            }
            at = rules[Int(at)].next
        }
        if steps <= 0 { isSpent = true }
    }
}
