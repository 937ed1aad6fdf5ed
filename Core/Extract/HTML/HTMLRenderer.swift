import Mail

/// Builds a page from tokens: a stack of open elements with their styles stands for the tree.
struct HTMLRenderer {
    static let mostLinks = 10_000
    /// Pages inside pages, `srcdoc`.
    static let mostDepth = 3

    var visible = HTMLText()
    var hidden = HTMLText()
    var links: [HTMLLink] = []
    var base: [UInt8]?
    var flags: PartFlags = []
    var programs: [HTMLProgram] = []
    /// What style sheets, attributes and elements say.
    var presentation: HTMLPresentation
    /// A style sheet came behind what it could hide.
    private(set) var isStyledLate = false

    let html: UnsafeRawBufferPointer
    /// How many pages are around this one.
    let depth: Int
    private let hasRules: Bool
    var tokens: HTMLTokenizer
    var stack = HTMLOpenElements()
    /// Shown so far.
    private(set) var pictures = 0
    private var wasHidden = false
    /// In a comment that Outlook alone reads.
    private(set) var isConditional = false
    /// Of the style sheet that is open.
    private var isForScreens = true
    /// Elements made anew because formatting around them ended.
    var remade = 0
    /// Bytes of text turned so far.
    var turned = 0

    /// `rules`: those that a first pass found.
    init(_ html: UnsafeRawBufferPointer, rules: CSSRules?, depth: Int, mostSteps: Int) {
        self.html = html
        self.depth = depth
        hasRules = rules != nil
        presentation = HTMLPresentation(html, rules, most: mostSteps)
        tokens = HTMLTokenizer(html)
        visible.reserve(html.count / 3)
    }

    mutating func run() {
        readTokens()
        while stack.count > 1 { pop() }
        if tokens.tag.hasManyAttributes || presentation.isLimited { flags.insert(.limit) }
    }

    private mutating func readTokens() {
        while let token = tokens.next() {
            switch token {
            case .text(let range): text(range)
            case .reference(let first, let second, let range):
                append(range) { text, keeps in
                    text.append(first, keepsSpace: keeps)
                    if let second { text.append(second, keepsSpace: keeps) }
                }
            case .startTag: start()
            case .endTag: end(tokens.tag.element, tokens.tag.name)
            case .comment(let range): if !isConditional { conditional(range) }
            case .declaration(let range):
                // `<![if !mso]>`: what follows is not for Outlook.
                if html[range].prefix(3).elementsEqual("[if".utf8) { flags.insert(.conditional) }
            }
        }
    }

    // MARK: Text

    private mutating func text(_ range: Range<Int>) {
        switch stack.top.element {
        case .style:
            collectStyles(range)
            return
        case .script:
            flags.insert(.script)
            addProgram(HTMLProgram(span: range))
            return
        default: break
        }
        let text = UnsafeRawBufferPointer(rebasing: html[range])
        append(range) { $0.append(text, keepsSpace: $1) }
    }

    private mutating func append(_ range: Range<Int>, _ body: (inout HTMLText, Bool) -> Void) {
        let (isHidden, keepsSpace) = (stack.top.style.isHidden, stack.top.style.keepsSpace)
        if isHidden {
            if !wasHidden { hidden.block(1) }
            hidden.note(page: range.lowerBound)
            body(&hidden, keepsSpace)
        } else {
            visible.note(page: range.lowerBound)
            body(&visible, keepsSpace)
        }
        wasHidden = isHidden
    }

    mutating func block(_ lines: Int) {
        visible.block(lines)
        hidden.block(1)
    }

    /// `<!--[if mso]>...<![endif]-->`: Outlook shows what is in it, by itself; one for all others nobody sees.
    private mutating func conditional(_ range: Range<Int>) {
        let head = html[range].prefix(256)
        guard head.count > 4, head.prefix(3).elementsEqual("[if".utf8) || head.prefix(3).elementsEqual("[IF".utf8),
            let close = head.firstIndex(of: UInt8(ascii: ">")), head[close - 1] == UInt8(ascii: "]")
        else { return }
        flags.insert(.conditional)
        let outer = (tokens, stack.floor, stack.count, stack.tooDeep)
        tokens = HTMLTokenizer(html, (close + 1)..<range.upperBound)
        stack.floor = stack.count
        stack.tooDeep = 0
        if Self.isForOthers(head[(head.startIndex + 3)..<(close - 1)]) {
            var open = HTMLOpenElement(element: .template, name: HTMLName("template"), place: stack.top.place)
            open.declared.set(.none, true)
            open.style = stack.top.style.inner(open.declared, isBlock: false)
            push(open)
            stack.floor = stack.count
        }
        isConditional = true
        readTokens()
        isConditional = false
        if tokens.tag.hasManyAttributes { flags.insert(.limit) }
        stack.floor = 1
        while stack.count > outer.2 { pop() }
        (tokens, stack.floor, _, stack.tooDeep) = outer
        tokens.isForeign = stack.top.isForeign
    }

    /// Nothing but `!mso` or `!vml`. Outlook reads anything else: `!(mso 9)` holds in all newer ones.
    private static func isForOthers(_ condition: Slice<UnsafeRawBufferPointer>) -> Bool {
        let word = condition.lazy.filter { $0 > 32 && $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")") }.map { $0 | 0x20 }
        return word.elementsEqual("!mso".utf8) || word.elementsEqual("!vml".utf8)
    }

    private mutating func collectStyles(_ range: Range<Int>) {
        let text = UnsafeRawBufferPointer(rebasing: html[range])
        // What Outlook alone hides others show.
        if !hasRules, isForScreens, !isConditional, presentation.add(sheet: text), !isStyledLate {
            isStyledLate = !visible.bytes.isEmpty || presentation.changes(stack)
        }
        CSSAddresses.each(in: text) { place, value in
            value.withUnsafeBytes {
                addLink($0, span: range.lowerBound + place.lowerBound..<range.lowerBound + place.upperBound, .fetch)
            }
        }
    }

    // MARK: Start tags

    private mutating func start() {
        let element = tokens.tag.element
        if stack.top.isForeign, leavesForeignContent(element) { leaveForeignContent() }
        if isPassedOver(element) {
            // It is around nothing and ends nothing.
            if !tokens.tag.attributes.isEmpty { _ = collectLinks(element, isHidden: stack.top.style.isOutOfSight) }
            return
        }
        closeImplied(element)
        var open = HTMLOpenElement(element: element, name: tokens.tag.name, place: stack.top.place)
        presentation.declare(&open, tokens.tag)
        open.style = stack.top.style.inner(open.declared, isBlock: open.isBlock)
        if !open.style.isHidden, open.declared[.hiddenInOutlook] == true { flags.insert(.conditional) }
        if !tokens.tag.attributes.isEmpty { open.link = collectLinks(element, isHidden: open.style.isOutOfSight) }
        open.pictures = pictures
        show(open)
        if element.isVoid || tokens.tag.isSelfClosing && (stack.top.isForeign || element == .svg || element == .math) || element == .head {
            return
        }
        push(open)
    }

    /// As browsers do (HTML, section 13.2.6.4.7).
    private func isPassedOver(_ element: HTMLElement) -> Bool {
        switch element {
        case .frameset: true
        case .form: stack.place(.form) >= stack.floor
        // What stands in a comment for Outlook may be a piece of a table that another one began.
        default: element.isTablePart && (stack.top.isForeign || stack.place(.table) < 0 && !isConditional)
        }
    }

    private static let (variable, face) = (HTMLName("var"), HTMLName("face"))

    private func leavesForeignContent(_ element: HTMLElement) -> Bool {
        if element == .font {
            return tokens.tag.attributes.contains { $0.kind == .color || $0.kind == .size || $0.name == Self.face }
        }
        return element.leavesForeignContent || tokens.tag.name == Self.variable
    }

    private mutating func show(_ open: HTMLOpenElement) {
        if open.isBlock { block(open.element.hasMargin ? 2 : 1) }
        let isHidden = open.style.isHidden
        switch open.element {
        case .br: if isHidden { hidden.lineBreak() } else { visible.lineBreak() }
        case .td, .th: if isHidden { hidden.cell() } else { visible.cell() }
        case .li: if !isHidden { mark() }
        case .img, .image, .area:
            if !open.style.isOutOfSight { pictures += 1 }
            showAttribute(.alt, isHidden)
        case .input: showInput(isHidden)
        case .form: flags.insert(.form)
        case .style: isForScreens = presentation.isForScreens(tokens.tag)
        case .iframe: showDocument(isHidden: stack.top.style.isHidden)
        default: break
        }
    }

    private mutating func mark() {
        let list = max(stack.place(.ol), stack.place(.ul))
        if list >= 0, let number = stack[list].number {
            visible.mark("\(number). ".utf8)
            stack[list].number = number < 1_000_000 ? number + 1 : 1
        } else {
            visible.mark("* ".utf8)
        }
    }

    private mutating func showAttribute(_ kind: HTMLAttributeKind, _ isHidden: Bool) {
        guard let attribute = tokens.tag.attribute(kind) else { return }
        tokens.tag.withValue(attribute) { value in
            if isHidden {
                hidden.note(page: attribute.span.lowerBound)
                hidden.append(value, keepsSpace: false)
            } else {
                append(attribute.span) { text, _ in text.append(value, keepsSpace: false) }
            }
        }
    }

    private static let buttons = [HTMLName("submit"), HTMLName("button"), HTMLName("reset")]
    private static let fields = [
        HTMLName("text"), HTMLName("email"), HTMLName("tel"), HTMLName("url"), HTMLName("search"),
    ]
    private static let (image, password) = (HTMLName("image"), HTMLName("password"))

    private mutating func showInput(_ isHidden: Bool) {
        let type = tokens.tag.attribute(.type).map { tokens.tag.withValue($0) { HTMLName($0.prefix(16)) } }
        let isButton = type.map(Self.buttons.contains) ?? false
        let isText = type.map(Self.fields.contains) ?? true
        if type == Self.image { showAttribute(.alt, isHidden) }
        if isButton || isText { showAttribute(.value, isHidden) }
        if isText || type == Self.password { showAttribute(.placeholder, isHidden) }
    }
}
