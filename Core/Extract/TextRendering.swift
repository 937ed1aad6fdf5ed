import MIME
import Mail

/// The text of a message's parts as a reader sees it, and the URLs in it and in headers.
struct TextRendering {
    private(set) var texts: [ContentText] = []
    private var collector = URLCollector()
    private let needs: ContentNeeds
    /// Bytes that may still be rendered: readings must not multiply a message.
    private var room = 32 << 20

    init(_ needs: ContentNeeds) { self.needs = needs }

    var urls: [ContentURL] { collector.urls }
    var isLimited: Bool { collector.isLimited }

    static func isText(_ part: ContentPart) -> Bool {
        part.declaredType.hasPrefix("text/") || part.declaredType == "application/xhtml+xml"
            || part.declaredType == "message/delivery-status" || hasPageName(part)
    }

    /// A browser opens it as a page.
    private static func hasPageName(_ part: ContentPart) -> Bool {
        part.names.contains { name in
            let name = name.lowercased()
            return [".htm", ".html", ".xhtml", ".shtml", ".svg"].contains { name.hasSuffix($0) }
        }
    }

    /// `detected`: what bytes are that are declared as something else than text.
    static func looksLikeText(_ detected: String, declared: String) -> Bool {
        isPage(detected) || detected == "text/plain" && declared == "application/octet-stream"
    }

    /// What clients show as a page whatever it is called.
    static func isPage(_ detected: String) -> Bool {
        detected == "text/html" || detected == "application/xhtml+xml" || detected == "image/svg+xml"
    }

    // MARK: Headers

    /// The header of a message, part `index`: its subject, and addresses in fields that people or clients read.
    mutating func header(_ region: UnsafeRawBufferPointer, _ header: ContentRef, of index: Int, _ store: inout DecodedBytes) {
        let bytes = UnsafeRawBufferPointer(rebasing: region[header.range])
        for field in HeaderFields(bytes).fields {
            let value = UnsafeRawBufferPointer(rebasing: bytes[field.valueStart..<field.end])
            if HeaderFields.name(field, in: bytes, is: "Subject") {
                subject(value, of: index, &store)
            } else if needs.contains(.urls), Self.holdsAddress(value) {
                let place = URLCollector.Place(part: index, region: header.region, offset: header.range.lowerBound + field.valueStart)
                collector.add(text: value, at: place, isHeader: true)
            }
        }
    }

    private mutating func subject(_ value: UnsafeRawBufferPointer, of index: Int, _ store: inout DecodedBytes) {
        let unfolded = value.filter { $0 != 0x0D && $0 != 0x0A }.drop { $0 == 0x20 || $0 == 0x09 }
        let text = Array(EncodedWords.decode(unfolded).text.utf8)
        let range = store.append(text)
        texts.append(ContentText(part: index, source: .subject, text: ContentRef(region: 1, range)))
        if needs.contains(.urls) {
            text.withUnsafeBytes {
                collector.add(text: $0, at: .init(part: index, region: 1, offset: range.lowerBound), isHeader: true)
            }
        }
    }

    /// `://`: names alone stand in many fields, and lead nowhere.
    private static func holdsAddress(_ value: UnsafeRawBufferPointer) -> Bool {
        var at = value.startIndex
        while let colon = value[at...].firstIndex(of: UInt8(ascii: ":")) {
            if colon + 2 < value.endIndex, value[colon + 1] == UInt8(ascii: "/"), value[colon + 2] == UInt8(ascii: "/") { return true }
            at = colon + 1
        }
        return false
    }

    // MARK: Parts

    /// Renders a leaf whose `head` is there.
    mutating func render(
        _ part: MessageTree.Part, _ leaf: LeafDecoder.Leaf, at index: Int, _ store: inout DecodedBytes
    ) -> PartFlags {
        let declared = part.content.declaredType
        let isDeclaredPage = declared == "text/html" || declared == "application/xhtml+xml"
        let isPage = isDeclaredPage || Self.isPage(leaf.type) || Self.hasPageName(part.content)
        var gaps: ContentGaps = leaf.head.count < leaf.decoded.range.count ? [.limitHit, .truncated] : []
        let head = leaf.head.prefix(max(room, 0))
        if head.count < leaf.head.count { gaps = [.limitHit, .truncated] }
        room -= head.count
        var flags: PartFlags = gaps.isEmpty ? [] : .limit
        let (text, isConverted) = head.withUnsafeBytes { inUTF8($0, part.content.charset, isPage: isPage, &flags) }
        // Where the text stands: as it came, or as it was made.
        var ref = ContentRef(region: leaf.decoded.region, leaf.decoded.range.prefix(text.count), gaps: gaps)
        if isConverted { ref = ContentRef(region: 1, store.append(text), gaps: gaps) }
        if isPage { flags.formUnion(page(text, at: index, ref, &store)) }
        // Clients that go by the declared type show the page's source, with links in it.
        if !isPage || declared.hasPrefix("text/") && !isDeclaredPage {
            plain(text, at: index, ref, flowed: part.isFlowed, deletingSpaces: part.deletesSpaces, &store)
        }
        return flags
    }

    private mutating func page(_ html: [UInt8], at index: Int, _ ref: ContentRef, _ store: inout DecodedBytes) -> PartFlags {
        html.withUnsafeBytes { bytes in
            let page = HTMLPage(bytes)
            for (text, source) in [(page.visible, ContentText.Source.html), (page.hidden, .hidden)] where !text.isEmpty {
                texts.append(ContentText(part: index, source: source, text: ContentRef(region: 1, store.append(text), gaps: ref.gaps)))
            }
            if needs.contains(.urls) {
                collector.add(page: page, html: bytes, at: .init(part: index, region: ref.region, offset: ref.range.lowerBound))
            }
            return page.flags
        }
    }

    private mutating func plain(
        _ text: [UInt8], at index: Int, _ ref: ContentRef, flowed: Bool, deletingSpaces: Bool, _ store: inout DecodedBytes
    ) {
        var (text, ref) = (text, ref)
        if flowed {
            text = text.withUnsafeBytes { FlowedText.unfolded($0, deletingSpaces: deletingSpaces) }
            ref = ContentRef(region: 1, store.append(text), gaps: ref.gaps)
        }
        texts.append(ContentText(part: index, source: .plain, text: ref))
        if needs.contains(.urls) {
            text.withUnsafeBytes { collector.add(text: $0, at: .init(part: index, region: ref.region, offset: ref.range.lowerBound)) }
        }
    }

    /// The text in UTF-8, and whether it is another than it came.
    private func inUTF8(
        _ bytes: UnsafeRawBufferPointer, _ declared: String, isPage: Bool, _ flags: inout PartFlags
    ) -> (text: [UInt8], isConverted: Bool) {
        let label = isPage ? HTMLCharset.label(bytes, declared: declared) : declared
        let known = Charset(label: label)
        if known == nil, !label.isEmpty { flags.insert(.badCharset) }
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        if isASCII, known?.isASCIICompatible ?? true { return (Array(bytes), false) }
        // Unlabelled text is what it looks like.
        let isUTF8 = (known ?? .utf8) == .utf8 && bytes.isValidUTF8
        if isUTF8, !bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (Array(bytes), false) }
        let charset = known ?? (isUTF8 ? .utf8 : .western)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + bytes.count / 4)
        flags.formUnion(
            charset.decode(bytes) { chunk in
                text.append(contentsOf: chunk)
                return true
            })
        return (text, !text.elementsEqual(bytes))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var isValidUTF8: Bool { withMemoryRebound(to: UInt8.self) { String(validating: $0, as: UTF8.self) != nil } }
}
