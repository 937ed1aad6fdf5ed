import Mail

import func Glibc.memcmp

/// All addresses of a message, in the order in which its parts are added. Bounded: at most 10,000, at most 2,048 bytes as written of each.
public struct URLCollector: Sendable {
    /// Where added bytes stand.
    public struct Place: Sendable {
        /// Index into `MessageContent.parts`.
        public var part: Int
        /// Index into `MessageContent.regions`, and where in it the bytes begin.
        public var region: Int
        public var offset: Int

        public init(part: Int, region: Int, offset: Int) {
            self.part = part
            self.region = region
            self.offset = offset
        }
    }

    /// Where a page shows a link, and where that leads.
    private struct Anchor {
        var range: Range<Int>
        var aim: String
    }

    public private(set) var urls: [ContentURL] = []
    /// There were more.
    public private(set) var isLimited = false

    public static let mostURLs = 10_000
    /// Of all of them together: a long base is in each address that is resolved against it.
    private static let mostBytes = 8 << 20
    private var bytes = 0

    public init() {}

    /// What clients make links of in plain text, UTF-8. `isHeader`: of a header field's value, folds included.
    public mutating func add(text: UnsafeRawBufferPointer, at place: Place, isHeader: Bool = false) {
        add(text: text, at: place, as: isHeader ? .header : nil, skipping: []) { $0 }
    }

    /// The addresses of a page, and those that clients make links of in the text it shows. `html` is what `page` was made of.
    public mutating func add(page: HTMLPage, html: UnsafeRawBufferPointer, at place: Place) {
        if page.flags.contains(.limit), page.links.count >= HTMLRenderer.mostLinks { isLimited = true }
        let base = page.base.flatMap { URLParser.parse($0) }
        var inner: (written: [UInt8], base: URLRecord?) = ([], nil)
        var anchors: [Anchor] = []
        for link in page.links {
            guard hasRoom() else { return }
            if let written = link.base, written != inner.written { inner = (written, URLParser.parse(written, base: base) ?? base) }
            var reading = link.value.withUnsafeBytes { URLReading($0, base: link.base == nil ? base : inner.base) }
            if link.source == .link, let range = link.anchor, !range.isEmpty {
                anchors.append(Anchor(range: range, aim: Self.aim(reading)))
            }
            if link.isHidden { reading.flags.insert(.hidden) }
            let anchor = link.anchor.map { anchor in page.visible.withUnsafeBytes { AnchorText.folded($0[anchor]) } } ?? ""
            if link.isNested {
                link.value.withUnsafeBytes { append(reading, raw: $0, source: link.source, span: link.span, at: place, anchor: anchor) }
                continue
            }
            let written = UnsafeRawBufferPointer(rebasing: html[link.span.clamped(to: 0..<html.count)].prefix(HTMLLink.mostBytes))
            if written.count != link.value.count, Self.hidesLetters(written) { reading.flags.insert(.encoded) }
            if link.isTruncated || written.count < link.span.count { reading.flags.insert(.truncated) }
            append(reading, raw: written, source: link.source, span: link.span, at: place, anchor: anchor)
        }
        page.visible.withUnsafeBytes { text in
            add(text: text, at: place, as: nil, skipping: anchors.sorted { $0.range.lowerBound < $1.range.lowerBound }) {
                page.origins.visible.origin(of: $0, in: html.count)
            }
        }
        page.hidden.withUnsafeBytes { text in
            add(text: text, at: place, as: nil, skipping: [], flags: .hidden) { page.origins.hidden.origin(of: $0, in: html.count) }
        }
        for program in page.programs {
            let start = program.span.lowerBound
            if let text = program.text {
                text.withUnsafeBytes { add(text: $0, at: place, as: nil, skipping: [], onlySchemes: true) { _ in program.span } }
            } else {
                add(text: UnsafeRawBufferPointer(rebasing: html[program.span]), at: place, as: nil, skipping: [], onlySchemes: true) {
                    start + $0.lowerBound..<start + $0.upperBound
                }
            }
        }
    }

    /// The host, or all of an address that has none.
    private static func aim(_ reading: URLReading) -> String { reading.host.isEmpty ? reading.canonical : reading.host }

    private mutating func hasRoom() -> Bool {
        if urls.count < Self.mostURLs { return true }
        isLimited = true
        return false
    }

    private mutating func add(
        text: UnsafeRawBufferPointer, at place: Place, as source: ContentURL.Source?, skipping anchors: [Anchor],
        onlySchemes: Bool = false, flags: URLFlags = [],
        span: (Range<Int>) -> Range<Int>
    ) {
        var finder = URLFinder(text)
        var anchors = anchors[...]
        while let found = finder.next() {
            while let first = anchors.first, first.range.upperBound <= found.span.lowerBound { anchors.removeFirst() }
            if onlySchemes, found.source == .name { continue }
            guard hasRoom() else { return }
            let written = UnsafeRawBufferPointer(rebasing: text[found.span].prefix(HTMLLink.mostBytes))
            var reading = found.rewritten?.withUnsafeBytes { URLReading($0, base: nil) } ?? URLReading(written, base: nil)
            // What a link shows is that link, where it says where it leads.
            if let first = anchors.first, first.range.lowerBound < found.span.upperBound, first.aim == Self.aim(reading) { continue }
            reading.flags.formUnion(flags)
            if found.isTruncated { reading.flags.insert(.truncated) }
            append(reading, raw: written, source: source ?? found.source, span: span(found.span), at: place)
        }
    }

    private mutating func append(
        _ reading: URLReading, raw: UnsafeRawBufferPointer, source: ContentURL.Source, span: Range<Int>, at place: Place,
        anchor: String = ""
    ) {
        bytes += raw.count + reading.canonical.utf8.count
        guard bytes <= Self.mostBytes else {
            isLimited = true
            return
        }
        let moved = place.offset + span.lowerBound..<place.offset + span.upperBound
        urls.append(
            ContentURL(
                raw: Self.text(raw, like: reading.canonical), canonical: reading.canonical, host: reading.host, part: place.part,
                source: source, span: ContentRef(region: place.region, moved), anchor: anchor, flags: reading.flags))
    }

    /// What is written as it serializes shares its bytes.
    private static func text(_ raw: UnsafeRawBufferPointer, like canonical: String) -> String {
        let isSame =
            canonical.utf8.withContiguousStorageIfAvailable {
                $0.count == raw.count && !raw.isEmpty && memcmp($0.baseAddress!, raw.baseAddress!, raw.count) == 0
            } ?? false
        return isSame ? canonical : String(decoding: raw, as: UTF8.self)
    }

    /// Whether a character reference stands for a letter, a digit or what separates the pieces of an address.
    private static func hidesLetters(_ written: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < written.count {
            if written[at] == UInt8(ascii: "&"),
                let match = CharacterReferences.shared.match(written, at: at + 1, end: written.count, inAttribute: true)
            {
                switch match.first {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "/", ":", "\\", "@", "%", "\t", "\n", "\r": return true
                default: break
                }
            }
            at += 1
        }
        return false
    }
}
