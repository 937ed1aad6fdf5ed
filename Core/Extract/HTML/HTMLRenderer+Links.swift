import Mail

/// Addresses, programs and pages in attributes.
extension HTMLRenderer {
    mutating func addLink(_ value: UnsafeRawBufferPointer, span: Range<Int>, _ source: ContentURL.Source, isHidden: Bool = false) {
        guard links.count < Self.mostLinks else {
            flags.insert(.limit)
            return
        }
        var start = 0
        while start < value.count, value[start] <= 32 { start += 1 }
        guard start < value.count, value[start] != UInt8(ascii: "#") else { return }
        let kept = Array(value[start...].prefix(HTMLLink.mostBytes))
        links.append(
            HTMLLink(
                value: kept, span: span, source: source, isTruncated: kept.count < value.count - start,
                isHidden: isHidden && source == .link)
        )
    }

    mutating func addProgram(_ program: HTMLProgram) {
        flags.insert(.script)
        guard programs.count < Self.mostLinks else {
            flags.insert(.limit)
            return
        }
        programs.append(program)
    }

    /// All addresses of the tag; the index of the one that its content is the anchor of.
    mutating func collectLinks(_ element: HTMLElement, isHidden: Bool) -> Int? {
        var anchored: Int?
        for index in tokens.tag.attributes.indices {
            let attribute = tokens.tag.attributes[index]
            if attribute.kind == .handler {
                addProgram(of: attribute)
            } else if attribute.kind.holdsAddress, attribute.kind != .animated || animatesAddress(element) {
                let before = links.count
                collectLinks(attribute, element, isHidden: isHidden)
                guard attribute.kind == .href || attribute.kind == .xlinkHref && stack.top.isForeign else { continue }
                if element == .base {
                    if base == nil { base = tokens.tag.withValue(attribute) { Array($0.prefix(HTMLLink.mostBytes)) } }
                } else if element == .a || tokens.tag.isVector, anchored == nil, links.count > before, links[before].source == .link {
                    anchored = before
                    links[before].anchor = visible.bytes.count..<visible.bytes.count
                }
            }
        }
        return anchored
    }

    private static let attributeName = HTMLName("attributename")

    /// SVG, section "Animation": `<set attributeName="href" to="...">` within a link makes it lead there.
    private func animatesAddress(_ element: HTMLElement) -> Bool {
        guard element == .set || element == .animate, let attribute = tokens.tag.attribute(Self.attributeName) else { return false }
        return tokens.tag.withValue(attribute) { value in
            let name = value.map { $0 | 0x20 }
            return name.elementsEqual("href".utf8) || name.elementsEqual("xlink:href".utf8)
        }
    }

    private mutating func collectLinks(_ attribute: HTMLAttribute, _ element: HTMLElement, isHidden: Bool) {
        let first = links.count
        let start = attribute.span.lowerBound
        if attribute.isVerbatim {
            HTMLAddresses.each(in: UnsafeRawBufferPointer(rebasing: html[attribute.value]), of: attribute.kind, element) {
                addLink($1, span: start + $0.lowerBound..<start + $0.upperBound, $2, isHidden: isHidden)
            }
        } else {
            let decoded = tokens.tag.decoded
            decoded.withUnsafeBytes { bytes in
                HTMLAddresses.each(in: UnsafeRawBufferPointer(rebasing: bytes[attribute.value]), of: attribute.kind, element) {
                    addLink($1, span: attribute.span, $2, isHidden: isHidden)
                }
            }
        }
        if links.count > first, Self.isProgram(links[first].value) { addProgram(of: attribute) }
    }

    private mutating func addProgram(of attribute: HTMLAttribute) {
        addProgram(
            HTMLProgram(span: attribute.span, text: attribute.isVerbatim ? nil : tokens.tag.withValue(attribute) { Array($0) }))
    }

    /// `javascript:`, in any case and with the tabs and line ends in it that are taken away.
    private static func isProgram(_ address: [UInt8]) -> Bool {
        guard let first = address.first, first | 0x20 == UInt8(ascii: "j") || first | 0x20 == UInt8(ascii: "v") else { return false }
        let scheme = address.prefix(32).filter { $0 != 9 && $0 != 10 && $0 != 13 }.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }
        return scheme.starts(with: "javascript:".utf8) || scheme.starts(with: "vbscript:".utf8)
    }

    /// `srcdoc` of a frame: a page of its own, in its place.
    mutating func showDocument(isHidden: Bool) {
        guard let attribute = tokens.tag.attribute(.document) else { return }
        guard depth < Self.mostDepth else {
            flags.insert(.limit)
            return addProgram(of: attribute)
        }
        let page = tokens.tag.withValue(attribute) { HTMLPage($0, depth: depth + 1, mostSteps: presentation.stepsLeft) }
        presentation.take(steps: page.steps)
        let first = links.count
        for var link in page.links {
            guard links.count < Self.mostLinks else {
                flags.insert(.limit)
                break
            }
            if attribute.isVerbatim {
                link.span = attribute.span.lowerBound + link.span.lowerBound..<attribute.span.lowerBound + link.span.upperBound
            } else {
                link.span = attribute.span
                link.isNested = true
            }
            link.base = link.base ?? page.base
            // A place in the text of that page: none in this one's where it is not shown.
            if isHidden || page.visible.isEmpty { link.anchor = nil }
            link.isHidden = link.isHidden || isHidden && link.source == .link
            links.append(link)
        }
        for program in page.programs {
            let (span, text) = (program.span, program.text)
            addProgram(
                HTMLProgram(
                    span: attribute.span,
                    text: text ?? tokens.tag.withValue(attribute) { Array($0[span]) }))
        }
        flags.formUnion(page.flags)
        if !page.hidden.isEmpty {
            hidden.note(page: attribute.span.lowerBound)
            _ = hidden.insert(page.hidden)
        }
        if page.visible.isEmpty { return }
        if isHidden {
            hidden.note(page: attribute.span.lowerBound)
            _ = hidden.insert(page.visible)
        } else {
            visible.note(page: attribute.span.lowerBound)
            let place = visible.insert(page.visible)
            for index in first..<links.count {
                links[index].anchor = links[index].anchor.map { place.lowerBound + $0.lowerBound..<place.lowerBound + $0.upperBound }
            }
        }
    }
}
