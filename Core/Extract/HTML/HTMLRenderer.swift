import Mail

/// Builds a page from tokens: a stack of open elements with their styles stands for the tree.
struct HTMLRenderer {
    private struct Open {
        var element: HTMLElement
        /// Tells elements that have no case of their own apart.
        var name: HTMLName
        var style: HTMLStyle
        /// Of its own, so that it can be made anew within others.
        var declared: CSSDeclarations
        /// The next one of that element below; -1: none.
        var below: Int
        /// The next barrier below it.
        var barrier: Int
        var link: Int?
        /// Of a list: the number of its next item; nil: marks.
        var number: Int?
        var isBlock: Bool
        var isForeign: Bool
    }

    /// As deep as browsers go.
    static let mostDepth = 512
    static let mostLinks = 10_000
    /// Formatting that is opened again behind a block that closed it.
    private static let mostReopened = 16
    /// Elements that are made anew because formatting around them ended: no page that is written has a thousand.
    private static let mostRemade = 20_000

    private(set) var visible = HTMLText()
    private(set) var hidden = HTMLText()
    private(set) var links: [HTMLLink] = []
    private(set) var base: [UInt8]?
    private(set) var flags: PartFlags = []
    private(set) var origins: [(text: Int, page: Int)] = []
    private(set) var scripts: [Range<Int>] = []
    private(set) var rules: CSSRules
    /// A style sheet came behind text.
    private(set) var isStyledLate = false

    private let html: UnsafeRawBufferPointer
    private let hasRules: Bool
    private var tokens: HTMLTokenizer
    private var stack: [Open] = []
    /// The innermost open one of each element; -1: none.
    private var innermost = [Int](repeating: -1, count: 256)
    private var barrier = -1
    /// Elements too deep for the stack.
    private var tooDeep = 0
    /// What is below is of the page around a conditional comment.
    private var floor = 0
    private var wasHidden = false
    private var remade = 0

    /// `rules`: those that a first pass found.
    init(_ html: UnsafeRawBufferPointer, rules: CSSRules?) {
        self.html = html
        self.rules = rules ?? CSSRules()
        hasRules = rules != nil
        tokens = HTMLTokenizer(html)
        visible.reserve(html.count / 3)
    }

    mutating func run() {
        run(inConditional: false)
        if tokens.hasManyAttributes || rules.isLimited { flags.insert(.limit) }
    }

    private mutating func run(inConditional: Bool) {
        while let token = tokens.next() {
            switch token {
            case .text(let range): text(range)
            case .reference(let first, let second, let range):
                append(range) { text, keeps in
                    text.append(first, keepsSpace: keeps)
                    if let second { text.append(second, keepsSpace: keeps) }
                }
            case .startTag: start()
            case .endTag: end(tokens.element, tokens.name)
            case .comment(let range): if !inConditional { conditional(range) }
            case .declaration: break
            }
        }
    }

    // MARK: Text

    private var style: HTMLStyle { stack.last?.style ?? HTMLStyle() }

    private mutating func text(_ range: Range<Int>) {
        switch stack.last?.element {
        case .style:
            collectStyles(range)
            return
        case .script:
            flags.insert(.script)
            if scripts.count < Self.mostLinks { scripts.append(range) }
            return
        default: break
        }
        let text = UnsafeRawBufferPointer(rebasing: html[range])
        append(range) { $0.append(text, keepsSpace: $1) }
    }

    private mutating func append(_ range: Range<Int>, _ body: (inout HTMLText, Bool) -> Void) {
        let isHidden: Bool
        let keepsSpace: Bool
        if let last = stack.last {
            isHidden = last.style.isHidden
            keepsSpace = last.style.keepsSpace
        } else {
            isHidden = false
            keepsSpace = false
        }
        if isHidden {
            if !wasHidden { hidden.block(1) }
            body(&hidden, keepsSpace)
        } else {
            if visible.bytes.count >= (origins.last?.text ?? -64) + 64 { origins.append((visible.bytes.count, range.lowerBound)) }
            body(&visible, keepsSpace)
        }
        wasHidden = isHidden
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer, at range: Range<Int>) {
        append(range) { text, _ in text.append(bytes, keepsSpace: false) }
    }

    private mutating func block(_ lines: Int) {
        visible.block(lines)
        hidden.block(1)
    }

    /// `<!--[if mso]>...<![endif]-->`: Outlook shows what is in it, by itself; a negated one nobody sees.
    private mutating func conditional(_ range: Range<Int>) {
        let head = html[range].prefix(256)
        guard head.count > 4, head.prefix(3).elementsEqual("[if".utf8) || head.prefix(3).elementsEqual("[IF".utf8),
            let close = head.firstIndex(of: UInt8(ascii: ">")), head[close - 1] == UInt8(ascii: "]")
        else { return }
        flags.insert(.conditional)
        let outer = (tokens, floor, stack.count, tooDeep)
        tokens = HTMLTokenizer(html, (close + 1)..<range.upperBound)
        floor = stack.count
        tooDeep = 0
        if head[..<close].contains(UInt8(ascii: "!")) {
            push(.template, HTMLName("template"), Self.gone, link: nil)
            floor = stack.count
        }
        run(inConditional: true)
        if tokens.hasManyAttributes { flags.insert(.limit) }
        floor = 0
        while stack.count > outer.2 { pop() }
        (tokens, floor, _, tooDeep) = outer
        tokens.isForeign = stack.last?.isForeign ?? false
    }

    private static let gone: CSSDeclarations = {
        var declared = CSSDeclarations()
        declared.isNone = true
        return declared
    }()

    private mutating func collectStyles(_ range: Range<Int>) {
        let text = UnsafeRawBufferPointer(rebasing: html[range])
        if !hasRules {
            rules.add(text)
            if !rules.isEmpty, !visible.bytes.isEmpty { isStyledLate = true }
        }
        CSSAddresses.each(in: text) { place, value in
            addLink(value, span: range.lowerBound + place.lowerBound..<range.lowerBound + place.upperBound, .fetch)
        }
    }

    // MARK: The stack

    private mutating func push(_ element: HTMLElement, _ name: HTMLName, _ declared: CSSDeclarations, link: Int?) {
        guard stack.count < Self.mostDepth else {
            tooDeep += 1
            flags.insert(.limit)
            return
        }
        let index = Int(element.rawValue)
        let isForeign: Bool
        switch element {
        case .svg, .math: isForeign = true
        case .foreignObject, .desc, .mi, .mo, .mn, .ms, .mtext, .annotationXML: isForeign = false
        case .title: isForeign = false
        default: isForeign = stack.last?.isForeign ?? false
        }
        stack.append(
            Open(
                element: element, name: name, style: style.inner(declared), declared: declared, below: innermost[index], barrier: barrier,
                link: link, number: element == .ol ? 1 : nil, isBlock: declared.isBlock ?? element.isBlock, isForeign: isForeign))
        innermost[index] = stack.count - 1
        if element.isBarrier { barrier = stack.count - 1 }
        tokens.isForeign = isForeign
    }

    private mutating func pop() {
        let open = stack.removeLast()
        innermost[Int(open.element.rawValue)] = open.below
        barrier = open.barrier
        if open.isBlock { block(open.element.hasMargin ? 2 : 1) }
        if let link = open.link, let start = links[link].anchor?.lowerBound { links[link].anchor = anchor(from: start) }
        tokens.isForeign = stack.last?.isForeign ?? false
    }

    /// Closes all down to `index`; formatting among it goes on behind.
    private mutating func close(to index: Int, reopening: Bool) {
        var reopened: [(HTMLElement, HTMLName, CSSDeclarations, Int?)] = []
        while stack.count > index {
            let open = stack[stack.count - 1]
            if reopening, stack.count - 1 > index, open.element.isFormatting, reopened.count < Self.mostReopened {
                reopened.append((open.element, open.name, open.declared, open.link))
            }
            pop()
        }
        for (element, name, declared, link) in reopened.reversed() { push(element, name, declared, link: link) }
    }

    private mutating func end(_ element: HTMLElement, _ name: HTMLName) {
        switch element {
        case .body, .html, .head: return
        case .br: return visible.lineBreak()
        case .p where innermost[Int(HTMLElement.p.rawValue)] < max(barrier, floor): return block(2)
        case .h1, .h2, .h3, .h4, .h5, .h6:
            // Any heading's end ends any heading.
            let found = (HTMLElement.h1.rawValue...HTMLElement.h6.rawValue).map { innermost[Int($0)] }.max()!
            if found >= max(barrier, floor) { close(to: found, reopening: true) }
            return
        default: break
        }
        if tooDeep > 0, !element.isVoid {
            tooDeep -= 1
            return
        }
        var found = innermost[Int(element.rawValue)]
        if element == .unknown {
            while found >= 0, stack[found].name != name { found = stack.count - found > 32 ? -1 : stack[found].below }
        }
        guard found >= floor, found >= 0 else { return }
        // The parts of a table reach over cells; everything else stays within its own.
        switch element {
        case .table, .tr, .tbody, .thead, .tfoot:
            if element != .table, found < innermost[Int(HTMLElement.table.rawValue)] { return }
        default: if found < barrier { return }
        }
        if element.isFormatting, found < stack.count - 1 {
            remove(found)
        } else {
            close(to: found, reopening: !element.isBarrier)
        }
    }

    /// Up to here. Blanks that stood behind `start` may have gone when a block began.
    private func anchor(from start: Int) -> Range<Int> { min(start, visible.bytes.count)..<visible.bytes.count }

    /// Takes formatting out from under what was opened within it (HTML, section 13.2.6.4.7, "adoption agency", as far as styles go).
    private mutating func remove(_ index: Int) {
        let inner = stack[(index + 1)...]
        remade += inner.count
        guard remade <= Self.mostRemade else {
            flags.insert(.limit)
            return close(to: index, reopening: false)
        }
        let anchors = inner.map { $0.link.map { links[$0].anchor } }
        var end: Range<Int>?
        if let link = stack[index].link, let start = links[link].anchor?.lowerBound { end = anchor(from: start) }
        let link = stack[index].link
        while stack.count > index {
            let open = stack.removeLast()
            innermost[Int(open.element.rawValue)] = open.below
            barrier = open.barrier
        }
        if let link, let end { links[link].anchor = end }
        for (open, anchor) in zip(inner, anchors) {
            push(open.element, open.name, open.declared, link: open.link)
            stack[stack.count - 1].number = open.number
            if let link = open.link, let anchor { links[link].anchor = anchor }
        }
    }

    /// Whether `element` is open within the cell or the like that is being read, and where.
    private func open(_ element: HTMLElement) -> Int? {
        let found = innermost[Int(element.rawValue)]
        return found >= floor && found > barrier ? found : nil
    }

    // MARK: Start tags

    private mutating func start() {
        let element = tokens.element
        if element.leavesForeignContent, stack.last?.isForeign == true { leaveForeignContent() }
        closeImplied(element)
        let declared = declarations(element)
        let link = collectLinks(element)
        show(element, declared)
        if element.isVoid || tokens.isSelfClosing && (stack.last?.isForeign == true || element == .svg || element == .math) { return }
        if element == .head { return }
        push(element, tokens.name, declared, link: link)
    }

    private mutating func leaveForeignContent() {
        while stack.count > floor, stack.last?.isForeign == true { pop() }
    }

    /// What a start tag ends without an end tag (HTML, section 13.1.2.4).
    private mutating func closeImplied(_ element: HTMLElement) {
        if element.closesParagraph, let found = open(.p) { close(to: found, reopening: true) }
        switch element {
        case .a: if let found = open(.a) { found == stack.count - 1 ? pop() : remove(found) }
        case .li: if let found = within(.li, itemLimit(.ul, .ol)) { close(to: found, reopening: true) }
        case .dd, .dt:
            if let found = within(.dd, itemLimit(.dl, .dl)) ?? within(.dt, itemLimit(.dl, .dl)) { close(to: found, reopening: true) }
        case .option, .optgroup: if let found = open(.option) { close(to: found, reopening: false) }
        case .td, .th: closeCell()
        case .tr, .caption, .colgroup:
            closeCell()
            closeInTable(.tr)
        case .tbody, .thead, .tfoot:
            closeCell()
            closeInTable(.tr)
            closeInTable(.tbody)
            closeInTable(.thead)
            closeInTable(.tfoot)
        case .button: if let found = open(.button) { close(to: found, reopening: false) }
        default: break
        }
    }

    @inline(__always) private func place(_ element: HTMLElement) -> Int { innermost[Int(element.rawValue)] }

    /// Where `element` is open, further in than `limit`.
    private func within(_ element: HTMLElement, _ limit: Int) -> Int? {
        let found = place(element)
        return found >= floor && found > limit ? found : nil
    }

    /// A new item ends none beyond its list or what is between.
    private func itemLimit(_ list: HTMLElement, _ other: HTMLElement) -> Int { max(place(list), place(other), place(.div), barrier) }

    private mutating func closeInTable(_ element: HTMLElement) {
        if let found = within(element, place(.table)) { close(to: found, reopening: false) }
    }

    private mutating func closeCell() {
        closeInTable(.td)
        closeInTable(.th)
        closeInTable(.caption)
    }

    // MARK: What elements show

    private mutating func show(_ element: HTMLElement, _ declared: CSSDeclarations) {
        if declared.isBlock ?? element.isBlock { block(element.hasMargin ? 2 : 1) }
        let isHidden = stack.isEmpty ? declared.isNone == true : stack[stack.count - 1].style.isHidden || declared.isNone == true
        switch element {
        case .br:
            if isHidden { hidden.lineBreak() } else { visible.lineBreak() }
        case .td, .th: if isHidden { hidden.cell() } else { visible.cell() }
        case .li: if !isHidden { mark() }
        case .img, .image, .area: showAttribute(Self.altName, isHidden)
        case .input: showInput(isHidden)
        case .form: flags.insert(.form)
        default: break
        }
    }

    private mutating func mark() {
        let list = max(innermost[Int(HTMLElement.ol.rawValue)], innermost[Int(HTMLElement.ul.rawValue)])
        if list >= 0, let number = stack[list].number {
            visible.mark("\(number). ".utf8)
            stack[list].number = number < 1_000_000 ? number + 1 : 1
        } else {
            visible.mark("* ".utf8)
        }
    }

    private static let altName = HTMLName("alt")
    private static let valueName = HTMLName("value")
    private static let typeName = HTMLName("type")
    private static let placeholderName = HTMLName("placeholder")

    private mutating func showAttribute(_ name: HTMLName, _ isHidden: Bool) {
        guard let attribute = tokens.attribute(name) else { return }
        let bytes = tokens.withValue(attribute) { Array($0) }
        bytes.withUnsafeBytes { value in
            if isHidden {
                hidden.append(value, keepsSpace: false)
            } else {
                append(value, at: attribute.span)
            }
        }
    }

    private mutating func showInput(_ isHidden: Bool) {
        let type = tokens.attribute(Self.typeName).map { tokens.withValue($0) { HTMLName($0.prefix(16)) } }
        let isButton = [HTMLName("submit"), HTMLName("button"), HTMLName("reset")].contains(type)
        let isText =
            type == nil || [HTMLName("text"), HTMLName("email"), HTMLName("tel"), HTMLName("url"), HTMLName("search")].contains(type)
        if type == HTMLName("image") { showAttribute(Self.altName, isHidden) }
        if isButton || isText { showAttribute(Self.valueName, isHidden) }
        if isText || type == HTMLName("password") { showAttribute(Self.placeholderName, isHidden) }
    }

    // MARK: Styles

    private static let styleName = HTMLName("style")
    private static let className = HTMLName("class")
    private static let idName = HTMLName("id")
    private static let hiddenName = HTMLName("hidden")
    private static let colorName = HTMLName("color")
    private static let textName = HTMLName("text")
    private static let groundName = HTMLName("bgcolor")
    private static let backgroundName = HTMLName("background")
    /// Of a `style` attribute.
    private static let mostStyleBytes = 8192

    private func declarations(_ element: HTMLElement) -> CSSDeclarations {
        var declared = CSSDeclarations()
        if element.isNotRendered { declared.isNone = true }
        switch element {
        case .a: if tokens.attribute(HTMLRenderer.hrefName) != nil { declared.color = .link }
        case .pre, .listing, .xmp, .plaintext, .textarea: declared.keepsSpace = true
        default: break
        }
        if tokens.attributes.isEmpty, rules.isEmpty { return declared }
        var inline: (plain: CSSDeclarations, important: CSSDeclarations) = (.none, .none)
        var classes: HTMLAttribute?
        var id: HTMLAttribute?
        // Backwards, so that the first of a name is the one that counts.
        for attribute in tokens.attributes.reversed() {
            switch attribute.name {
            case Self.styleName:
                inline = tokens.withValue(attribute) { CSSParser.declarations(CSSParser.normalized($0, most: Self.mostStyleBytes)[...]) }
            case Self.className: classes = attribute
            case Self.idName: id = attribute
            case Self.hiddenName: declared.isNone = true
            case Self.colorName where element == .font, Self.textName where element == .body:
                declared.color = color(attribute) ?? declared.color
            case Self.groundName: if let color = color(attribute) { declared.ground = .color(color) }
            case Self.backgroundName: declared.ground = .image
            default: break
            }
        }
        if rules.isEmpty {
            declared.merge(inline.plain)
        } else {
            let tag = html[tokens.nameSpan]
            let ruled = withOptional(classes) { classes in
                withOptional(id) { id in rules.declarations(tag: tag, classes: classes, id: id) }
            }
            declared.merge(ruled.plain)
            declared.merge(inline.plain)
            declared.merge(ruled.important)
        }
        declared.merge(inline.important)
        return declared
    }

    private func withOptional<T>(_ attribute: HTMLAttribute?, _ body: (UnsafeRawBufferPointer?) -> T) -> T {
        guard let attribute else { return body(nil) }
        return tokens.withValue(attribute) { body($0) }
    }

    private func color(_ attribute: HTMLAttribute) -> CSSColor? {
        tokens.withValue(attribute) { CSSColor(attribute: CSSParser.normalized($0, most: 128)[...].trimmed) }
    }

    // MARK: Links

    static let hrefName = HTMLName("href")

    mutating func addLink(_ value: some Collection<UInt8>, span: Range<Int>, _ source: ContentURL.Source) {
        guard links.count < Self.mostLinks else {
            flags.insert(.limit)
            return
        }
        let trimmed = value.drop { $0 <= 32 }
        guard let first = trimmed.first, first != UInt8(ascii: "#") else { return }
        let kept = Array(trimmed.prefix(HTMLLink.mostBytes))
        links.append(HTMLLink(value: kept, span: span, source: source, isTruncated: kept.count < trimmed.count))
    }

    /// All addresses of the tag; the index of the one that its content is the anchor of.
    private mutating func collectLinks(_ element: HTMLElement) -> Int? {
        var anchored: Int?
        let tokens = tokens
        for attribute in tokens.attributes {
            guard let kind = HTMLAddressAttribute(attribute.name) else { continue }
            tokens.withValue(attribute) { value in
                let before = links.count
                kind.each(in: value, of: element) { place, address, source in
                    let span =
                        attribute.isVerbatim
                        ? attribute.span.lowerBound + place.lowerBound..<attribute.span.lowerBound + place.upperBound : attribute.span
                    addLink(address, span: span, source)
                }
                if attribute.name == Self.hrefName, element == .base {
                    if base == nil { base = Array(value.prefix(HTMLLink.mostBytes)) }
                    if links.count > before { links[before].source = .fetch }
                } else if attribute.name == Self.hrefName, links.count > before, links[before].source == .link {
                    anchored = before
                    links[before].anchor = visible.bytes.count..<visible.bytes.count
                }
            }
        }
        return anchored
    }
}
