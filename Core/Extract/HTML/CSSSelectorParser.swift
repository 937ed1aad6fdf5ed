/// Reads one selector (Selectors, section 3.9) from text as `CSSText` has it. What is no selector, or asks for what a page's text cannot tell
/// (`:last-child`, `::before`), gives none.
struct CSSSelectorParser {
    private static let mostCompounds = 16
    private static let mostParts = 16
    private static let mostDepth = 4
    private static let mostTestBytes = 160

    /// Those of all selectors: a bit of `Compound.attributes` each.
    private(set) var tests: [CSSAttributeTest] = []
    /// A selector was longer or deeper than is read.
    private(set) var isLimited = false

    private var text: ArraySlice<UInt8> = []
    private var specificity = (ids: 0, classes: 0, tags: 0)
    private var depth = 0

    mutating func selector(_ selector: ArraySlice<UInt8>) -> CSSSelector? {
        text = selector.trimmed
        specificity = (0, 0, 0)
        var compounds: [CSSSelector.Compound] = []
        while true {
            guard compounds.count < Self.mostCompounds else {
                isLimited = true
                return nil
            }
            guard let compound = compound() else { return nil }
            compounds.append(compound)
            if text.isEmpty { break }
            guard let combinator = combinator() else { return nil }
            // Written behind the left one, kept with the right one.
            pending = combinator
        }
        var around: UInt64 = 0
        for at in compounds.indices.dropLast() where compounds[at + 1].combinator == .inside || compounds[at + 1].combinator == .child {
            around |= Self.bits(compounds[at])
        }
        let (ids, classes, tags) = specificity
        return CSSSelector(
            compounds: compounds.reversed(), specificity: UInt32(min(ids, 1023) << 20 | min(classes, 1023) << 10 | min(tags, 1023)),
            around: around)
    }

    private var pending = CSSSelector.Combinator.inside

    private static func bits(_ compound: CSSSelector.Compound) -> UInt64 {
        var bits: UInt64 = 0
        if compound.tag != 0 { bits |= CSSElements.bit(compound.tag) }
        if compound.id != 0 { bits |= CSSElements.bit(compound.id) }
        for name in compound.classes { bits |= CSSElements.bit(name) }
        return bits
    }

    private mutating func combinator() -> CSSSelector.Combinator? {
        var found = CSSSelector.Combinator.inside
        var marks = 0
        while let byte = text.first {
            switch byte {
            case UInt8(ascii: ">"): found = .child
            case UInt8(ascii: "+"): found = .next
            case UInt8(ascii: "~"): found = .later
            default:
                guard HTMLTokenizer.isSpace(byte) else { return marks <= 1 ? found : nil }
                marks -= 1
            }
            marks += 1
            text.removeFirst()
        }
        return nil
    }

    private mutating func compound() -> CSSSelector.Compound? {
        var compound = CSSSelector.Compound()
        compound.combinator = pending
        pending = .inside
        var parts = 0
        if text.first == UInt8(ascii: "*") {
            text.removeFirst()
            parts += 1
        } else if let byte = text.first, CSSText.isNameByte(byte) || byte == CSSText.mark {
            compound.tag = name()
            specificity.tags += 1
            parts += 1
        }
        while let byte = text.first {
            guard parts <= Self.mostParts else {
                isLimited = true
                return nil
            }
            switch byte {
            case UInt8(ascii: "#"):
                text.removeFirst()
                let id = name()
                // Two ids are none's.
                guard id != 0, compound.id == 0 || compound.id == id else { return nil }
                compound.id = id
                specificity.ids += 1
            case UInt8(ascii: "."):
                text.removeFirst()
                let key = name()
                guard key != 0 else { return nil }
                compound.classes.append(key)
                specificity.classes += 1
            case UInt8(ascii: "["):
                guard let bit = attribute() else { return nil }
                compound.attributes |= bit
                specificity.classes += 1
            case UInt8(ascii: ":"): guard pseudo(&compound) else { return nil }
            default: return parts > 0 ? compound : nil
            }
            parts += 1
        }
        return parts > 0 ? compound : nil
    }

    /// 0: none.
    private mutating func name() -> UInt64 {
        var name = HTMLName()
        while let byte = text.first {
            if byte == CSSText.mark {
                text.removeFirst()
                guard let byte = text.first else { break }
                name.append(byte)
            } else {
                guard CSSText.isNameByte(byte) else { break }
                name.append(byte)
            }
            text.removeFirst()
        }
        return name.key
    }

    /// `[name]`, `[name=value]`, `[name*="value" i]`: its bit.
    private mutating func attribute() -> UInt64? {
        let close = CSSText.find(text, from: text.startIndex + 1) { $0 == UInt8(ascii: "]") }
        guard close < text.endIndex else { return nil }
        let inner = text[(text.startIndex + 1)..<close].trimmed
        text = text[(close + 1)...]
        guard inner.count <= Self.mostTestBytes else {
            isLimited = true
            return nil
        }
        guard let test = CSSAttributeTest(inner) else { return nil }
        if let at = tests.firstIndex(of: test) { return 1 << UInt64(at) }
        guard tests.count < 64 else {
            isLimited = true
            return nil
        }
        tests.append(test)
        return 1 << UInt64(tests.count - 1)
    }

    private static let states: [StaticString] = [
        "hover", "active", "focus", "focus-within", "focus-visible", "visited", "target", "checked", "disabled",
    ]

    private mutating func pseudo(_ compound: inout CSSSelector.Compound) -> Bool {
        text.removeFirst()
        let word = text.prefix { CSSText.isNameByte($0) }
        text = text[word.endIndex...]
        if text.first == UInt8(ascii: "(") {
            let close = CSSText.find(text, from: text.startIndex + 1) { $0 == UInt8(ascii: ")") }
            guard close < text.endIndex else { return false }
            let inner = text[(text.startIndex + 1)..<close]
            text = text[(close + 1)...]
            return function(word, inner, &compound)
        }
        specificity.classes += 1
        if word.isWord("first-child") {
            compound.conditions.append(.first)
        } else if word.isWord("root") || word.isWord("scope") {
            compound.conditions.append(.root)
        } else if word.isWord("link") || word.isWord("any-link") {
            compound.conditions.append(.link)
        } else {
            compound.conditions.append(.never)
            return Self.states.contains { word.isWord($0) }
        }
        return true
    }

    private mutating func function(_ word: ArraySlice<UInt8>, _ inner: ArraySlice<UInt8>, _ compound: inout CSSSelector.Compound) -> Bool {
        if word.isWord("nth-child") {
            specificity.classes += 1
            guard let (step, offset) = Self.nth(inner.filter { !HTMLTokenizer.isSpace($0) }) else { return false }
            compound.conditions.append(.nth(step: step, offset: offset))
            return true
        }
        let isPlain = word.isWord("where")
        guard word.isWord("not") || word.isWord("is") || word.isWord("matches") || word.isWord("-webkit-any") || isPlain else {
            return false
        }
        guard let list = list(inner, counts: !isPlain) else { return false }
        compound.conditions.append(word.isWord("not") ? .none(list) : .any(list))
        return true
    }

    /// Compounds between commas, of which the most specific counts.
    private mutating func list(_ inner: ArraySlice<UInt8>, counts: Bool) -> [CSSSelector.Compound]? {
        guard depth < Self.mostDepth else {
            isLimited = true
            return nil
        }
        depth += 1
        let (outer, before) = (text, specificity)
        var most = (ids: 0, classes: 0, tags: 0)
        var list: [CSSSelector.Compound]? = []
        var parts: [ArraySlice<UInt8>] = []
        CSSText.split(inner, at: UInt8(ascii: ",")) { if parts.count <= Self.mostParts { parts.append($0) } }
        if parts.count > Self.mostParts {
            isLimited = true
            list = nil
        }
        for part in parts where list != nil {
            specificity = (0, 0, 0)
            text = part
            // What stands in relation to others is not asked for here.
            if let compound = compound(), text.isEmpty { list?.append(compound) } else { list = nil }
            if most < specificity { most = specificity }
        }
        (text, specificity) = (outer, before)
        if counts { specificity = (before.ids + most.ids, before.classes + most.classes, before.tags + most.tags) }
        depth -= 1
        return list
    }

    /// `odd`, `even`, `3`, `2n+1`, `-n+3`.
    private static func nth(_ text: [UInt8]) -> (Int, Int)? {
        if text.elementsEqual("odd".utf8) { return (2, 1) }
        if text.elementsEqual("even".utf8) { return (2, 0) }
        guard text.count <= 16 else { return nil }
        let parts = text.split(separator: UInt8(ascii: "n"), maxSplits: 1, omittingEmptySubsequences: false)
        func number(_ text: ArraySlice<UInt8>, bare: Int) -> Int? {
            if text.isEmpty || text.isWord("+") { return bare }
            return text.isWord("-")
                ? -bare : CSSLength.number(text).flatMap { abs($0.value) < 1e6 && $0.rest.isEmpty ? Int($0.value) : nil }
        }
        if parts.count == 1 { return number(parts[0], bare: 0).map { (0, $0) } }
        guard let step = number(parts[0], bare: 1), let offset = number(parts[1], bare: 0) else { return nil }
        return (step, offset)
    }
}
