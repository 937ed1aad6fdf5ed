import Mail

/// Where elements begin and end: implied ends, formatting that is opened again.
extension HTMLRenderer {
    /// Formatting that is opened again behind a block that closed it.
    private static let mostReopened = 16
    /// Elements that are made anew because formatting around them ended: no page that is written has a thousand.
    private static let mostRemade = 20_000
    /// Bytes that are turned, for each byte of the page.
    private static let mostTurns = 8

    // MARK: The stack

    mutating func push(_ open: HTMLOpenElement) {
        guard !stack.isFull else {
            stack.tooDeep += 1
            flags.insert(.limit)
            return
        }
        var open = open
        switch open.element {
        case .svg, .math: open.isForeign = true
        case .foreignObject, .desc, .mi, .mo, .mn, .ms, .mtext, .annotationXML, .title: open.isForeign = false
        default: open.isForeign = stack.top.isForeign
        }
        if open.element == .ol { open.number = open.number ?? 1 }
        open.linksBefore = links.count
        open.turned = open.style.isTurned != stack.top.style.isTurned ? visible.bytes.count : nil
        stack.push(open)
        tokens.isForeign = open.isForeign
    }

    /// Anew, within what is open now.
    private mutating func push(again open: HTMLOpenElement) {
        var open = open
        open.style = stack.top.style.inner(open.declared, isBlock: open.isBlock)
        push(open)
    }

    mutating func pop() {
        let open = stack.pop()
        if let start = open.turned { turn(from: start, linksBefore: open.linksBefore) }
        if open.isBlock { block(open.element.hasMargin ? 2 : 1) }
        if let link = open.link, let start = links[link].anchor?.lowerBound { end(link, of: open, from: start) }
        tokens.isForeign = stack.top.isForeign
    }

    /// The anchor of a link reaches up to here. One around nothing but hidden text is hidden itself.
    private mutating func end(_ link: Int, of open: HTMLOpenElement, from start: Int) {
        links[link].anchor = anchor(from: start)
        if open.style.isHidden, pictures == open.pictures, links[link].anchor?.isEmpty == true { links[link].isHidden = true }
    }

    private mutating func turn(from start: Int, linksBefore: Int) {
        let start = min(start, visible.bytes.count)
        turned += visible.bytes.count - start
        guard turned <= Self.mostTurns * html.count else { return flags.formUnion([.limit, .bidi]) }
        var pieces = visible.turn(from: start)[...]
        // Links come in the order of the lines that they stand in.
        for link in linksBefore..<links.count {
            guard let anchor = links[link].anchor, !anchor.isEmpty else { continue }
            while let piece = pieces.first, piece.upperBound <= anchor.lowerBound { pieces.removeFirst() }
            guard let piece = pieces.first, piece.lowerBound < anchor.upperBound else { continue }
            let isWithin = anchor.lowerBound >= piece.lowerBound && anchor.upperBound <= piece.upperBound
            let sum = piece.lowerBound + piece.upperBound
            links[link].anchor = isWithin ? sum - anchor.upperBound..<sum - anchor.lowerBound : nil
        }
    }

    /// Closes all down to `index`; formatting among it goes on behind.
    private mutating func close(to index: Int, reopening: Bool) {
        var reopened: [HTMLOpenElement] = []
        while stack.count > index {
            if reopening, stack.count - 1 > index, stack[stack.count - 1].element.isFormatting, reopened.count < Self.mostReopened {
                reopened.append(stack[stack.count - 1])
            }
            pop()
        }
        for open in reopened.reversed() { push(again: open) }
    }

    /// Up to here. Blanks that stood behind `start` may have gone when a block began.
    private func anchor(from start: Int) -> Range<Int> { min(start, visible.bytes.count)..<visible.bytes.count }

    /// Takes formatting out from under what was opened within it (HTML, section 13.2.6.4.7, "adoption agency", as far as styles go).
    private mutating func remove(_ index: Int) {
        let inner = stack.all(behind: index)
        remade += inner.count
        guard remade <= Self.mostRemade else {
            flags.insert(.limit)
            return close(to: index, reopening: false)
        }
        let anchors = inner.map { $0.link.map { links[$0].anchor } }
        let removed = stack[index]
        while stack.count > index {
            let open = stack.pop()
            if let start = open.turned { turn(from: start, linksBefore: open.linksBefore) }
        }
        if let link = removed.link, let start = links[link].anchor?.lowerBound { end(link, of: removed, from: start) }
        for (open, anchor) in zip(inner, anchors) {
            push(again: open)
            if let link = open.link, let anchor { links[link].anchor = anchor }
        }
    }

    // MARK: End tags

    mutating func end(_ element: HTMLElement, _ name: HTMLName) {
        if element == .p || element == .br, stack.top.isForeign { leaveForeignContent() }
        switch element {
        case .body, .html, .head: return
        case .br: return visible.lineBreak()
        case .p where stack.paragraph == nil: return block(2)
        case .h1, .h2, .h3, .h4, .h5, .h6:
            if let found = stack.heading { close(to: found, reopening: true) }
            return
        default: break
        }
        if stack.tooDeep > 0, !element.isVoid {
            stack.tooDeep -= 1
            return
        }
        guard let found = stack.ended(by: element, name) else { return }
        if element.isFormatting, found < stack.count - 1 {
            remove(found)
        } else {
            close(to: found, reopening: !element.isBarrier)
        }
    }

    mutating func leaveForeignContent() {
        while stack.count > stack.floor, stack.top.isForeign { pop() }
    }

    // MARK: Implied ends

    /// What a start tag ends without an end tag (HTML, section 13.1.2.4).
    mutating func closeImplied(_ element: HTMLElement) {
        if element.closesParagraph, let found = stack.paragraph { close(to: found, reopening: true) }
        switch element {
        case .h1, .h2, .h3, .h4, .h5, .h6: if stack.heading == stack.count - 1 { pop() }
        case .a, .nobr: if let found = stack.open(element) { found == stack.count - 1 ? pop() : remove(found) }
        case .li: if let found = stack.within(.li, stack.itemLimit(.ul, .ol)) { close(to: found, reopening: true) }
        case .dd, .dt:
            let limit = stack.itemLimit(.dl, .dl)
            if let found = stack.within(.dd, limit) ?? stack.within(.dt, limit) { close(to: found, reopening: true) }
        case .option, .optgroup: if let found = stack.open(.option) { close(to: found, reopening: false) }
        case .td, .th:
            closeCell()
            clear(to: max(stack.place(.tr), stack.place(.tbody), stack.place(.thead), stack.place(.tfoot)))
        case .tr:
            closeCell()
            closeInTable(.tr)
            clear(to: max(stack.place(.tbody), stack.place(.thead), stack.place(.tfoot)))
        case .caption, .colgroup:
            closeCell()
            closeInTable(.tr)
            clear(to: -1)
        case .tbody, .thead, .tfoot:
            closeCell()
            closeInTable(.tr)
            closeInTable(.tbody)
            closeInTable(.thead)
            closeInTable(.tfoot)
            clear(to: -1)
        case .button: if let found = stack.open(.button) { close(to: found, reopening: false) }
        default: break
        }
    }

    private mutating func closeInTable(_ element: HTMLElement) {
        if let found = stack.within(element, stack.place(.table)) { close(to: found, reopening: false) }
    }

    /// What stands between the parts of a table is not around what follows (HTML, section 13.2.6.4.9: "clear the stack back").
    private mutating func clear(to part: Int) {
        let table = stack.place(.table)
        guard table >= stack.floor else { return }
        close(to: max(part, table) + 1, reopening: false)
    }

    private mutating func closeCell() {
        closeInTable(.td)
        closeInTable(.th)
        closeInTable(.caption)
    }
}
