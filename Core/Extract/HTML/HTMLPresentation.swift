/// What a page's style sheets, attributes and elements declare of each element.
struct HTMLPresentation {
    /// Of a `style` attribute.
    private static let mostStyleBytes = 8192

    private(set) var rules: CSSRules
    private var elements = CSSElements()
    private var styles = HTMLStyleMemory()
    /// Of `<body link>`.
    private var linkColor = CSSColor.link
    private var isOverfull = false
    /// The head is over.
    private var hasBody = false

    /// `most`: steps that rules may take, if that is less than the page's size allows.
    init(_ html: UnsafeRawBufferPointer, _ rules: CSSRules?, most: Int) {
        self.rules = rules ?? CSSRules(size: html.count, most: most)
        self.rules.rewind(size: html.count, most: most)
    }

    /// Steps that rules still may take, and those that they took.
    var stepsLeft: Int { max(0, rules.steps) }
    var steps: Int { rules.spent }

    /// A page inside this one took so many steps.
    mutating func take(steps count: Int) { rules.take(count) }

    var isLimited: Bool { rules.isLimited || isOverfull && !rules.isEmpty }

    /// Whether there are rules now.
    mutating func add(sheet: UnsafeRawBufferPointer) -> Bool {
        rules.add(sheet)
        return !rules.isEmpty
    }

    /// Whether rules that have come make elements look different that are open already.
    mutating func changes(_ stack: HTMLOpenElements) -> Bool {
        for index in 1..<stack.count where stack[index].element != .style {
            if rules.hasAttributes, stack[index].element != .html { return true }
            let place = stack[index].element == .html ? CSSElements.html : stack[index].place
            guard var ruled = rules.declarations(of: place, in: elements) else { continue }
            ruled.plain.merge(ruled.important)
            if stack[index].style.inner(ruled.plain, isBlock: stack[index].isBlock) != stack[index].style { return true }
        }
        return false
    }

    /// Of a `style` element: by its `media`.
    func isForScreens(_ tag: HTMLTag) -> Bool {
        guard let media = tag.attribute(.media) else { return true }
        return tag.withValue(media) { CSSMedia.matches(CSSText.normalized($0, most: 512)[...]) }
    }

    /// Sets what is declared of an element that begins, and its place. `open.place` is that of what is around it.
    mutating func declare(_ open: inout HTMLOpenElement, _ tag: HTMLTag) {
        var declared = CSSDeclarations()
        let element = open.element
        if element.isNotRendered { declared.set(.none, true) }
        switch element {
        case .a: if tag.attribute(.href) != nil { declared.set(color: linkColor) }
        case .pre, .listing, .xmp, .plaintext, .textarea: declared.set(.keepsSpace, true)
        case .small, .sub, .sup: declared.set(fontSize: CSSLength(times: 0.83))
        case .big: declared.set(fontSize: CSSLength(times: 1.2))
        case .bdo: declared.set(.overridesBidi, true)
        case .dialog: if tag.attribute(.open) == nil { declared.set(.none, true) }
        default: break
        }
        var inline: (plain: CSSDeclarations, important: CSSDeclarations)?
        var classes: HTMLAttribute?
        var id: UInt64 = 0
        // Backwards, so that the first of a name is the one that counts.
        for attribute in tag.attributes.reversed() {
            switch attribute.kind {
            case .style:
                inline = styles.declarations(attribute, tag) {
                    CSSParser.declarations(CSSText.normalized($0, most: Self.mostStyleBytes)[...])
                }
            case .className: classes = attribute
            case .id: id = tag.withValue(attribute) { HTMLName($0).key }
            case .hidden: declared.set(.none, true)
            case .color: if element == .font, let color = color(attribute, tag) { declared.set(color: color) }
            case .text: if element == .body, let color = color(attribute, tag) { declared.set(color: color) }
            case .link: if element == .body, let color = color(attribute, tag) { linkColor = color }
            case .size: if element == .font, let size = tag.withValue(attribute, Self.fontSize) { declared.set(fontSize: size) }
            case .ground: if let color = color(attribute, tag) { declared.set(ground: .color(color)) }
            case .background: declared.set(ground: .image)
            case .direction: direction(attribute, tag, &declared)
            default: break
            }
        }
        let place = add(tag, classes, id, in: open.place)
        let ruled = rules.isEmpty ? nil : rules.declarations(of: place, in: elements)
        if let ruled { declared.merge(ruled.plain) }
        if let inline { declared.merge(inline.plain) }
        if let ruled, !ruled.important.isEmpty { declared.merge(ruled.important) }
        if let inline, !inline.important.isEmpty { declared.merge(inline.important) }
        if elements.isFull, place > CSSElements.body {
            elements.removeLast()
            isOverfull = true
        } else {
            // What follows `html` is in `body`.
            open.place = max(place, CSSElements.body)
        }
        open.declared = declared
        open.isBlock = declared[.block] ?? element.isBlock
    }

    private mutating func add(_ tag: HTMLTag, _ classes: HTMLAttribute?, _ id: UInt64, in parent: Int) -> Int {
        guard let classes else { return add(tag, id, nil, in: parent) }
        return tag.withValue(classes) { add(tag, id, $0, in: parent) }
    }

    private mutating func add(_ tag: HTMLTag, _ id: UInt64, _ names: UnsafeRawBufferPointer?, in parent: Int) -> Int {
        let attributes = rules.hasAttributes ? rules.attributes(of: tag) : 0
        let element = tag.element
        if element == .html || element == .body {
            let place = element == .html ? CSSElements.html : CSSElements.body
            elements.set(place, id: id, names: names, attributes: attributes)
            hasBody = hasBody || element == .body
            return place
        }
        let isInHead = !hasBody && element.isMetadata
        if !isInHead { hasBody = true }
        let isLink = element == .a && tag.attribute(.href) != nil
        return elements.add(
            tag: tag.name, id: id, names: names, attributes: attributes, isLink: isLink, in: isInHead ? CSSElements.html : parent)
    }

    private func direction(_ attribute: HTMLAttribute, _ tag: HTMLTag, _ declared: inout CSSDeclarations) {
        tag.withValue(attribute) { value in
            let word = value.prefix(4).map { $0 | 0x20 }
            if word.elementsEqual("rtl".utf8) || word.elementsEqual("ltr".utf8) { declared.set(.rightToLeft, word[0] == UInt8(ascii: "r")) }
        }
    }

    private func color(_ attribute: HTMLAttribute, _ tag: HTMLTag) -> CSSColor? {
        tag.withValue(attribute) { CSSColor(attribute: CSSText.normalized($0, most: 128)[...].trimmed) }
    }

    private static let fontSizes: [Double] = [10, 13, 16, 18, 24, 32, 48]

    /// `size` of `font` (HTML, section 2.3.4): 1 to 7, or more or less than 3.
    private static func fontSize(_ value: UnsafeRawBufferPointer) -> CSSLength? {
        let text = Array(value.prefix(16))[...].trimmed
        guard let (number, _) = CSSLength.number(text) else { return nil }
        let isRelative = text.first == UInt8(ascii: "+") || text.first == UInt8(ascii: "-")
        return CSSLength(pixels: fontSizes[Int(max(1, min(7, isRelative ? number + 3 : number))) - 1])
    }
}
