import Mail

/// A page of HTML as mail clients show it: text, text that they hide, links. Time and memory are linear in its size, whatever it is; at most two
/// passes, the second where a style sheet stands behind text that it could hide.
public struct HTMLPage: Sendable {
    /// UTF-8. Blocks end lines, cells of a row are apart by tabs, items of a list have marks.
    public private(set) var visible: [UInt8] = []
    /// What stands in the page and no reader sees, one run a line.
    public private(set) var hidden: [UInt8] = []
    public private(set) var links: [HTMLLink] = []
    /// The first `<base href>`.
    public private(set) var base: [UInt8]?
    public private(set) var flags: PartFlags = []
    /// Where in the page pieces of `visible` are from: pairs of offsets, rising, some 64 bytes apart.
    private(set) var origins: [(text: Int, page: Int)] = []
    /// Programs in the page, which may hold addresses.
    private(set) var scripts: [Range<Int>] = []

    /// `html` is UTF-8; bytes that are none pass through.
    public init(_ html: UnsafeRawBufferPointer) {
        var renderer = HTMLRenderer(html, rules: nil)
        renderer.run()
        if renderer.isStyledLate {
            renderer = HTMLRenderer(html, rules: renderer.rules)
            renderer.run()
        }
        visible = renderer.visible.bytes
        hidden = renderer.hidden.bytes
        links = renderer.links
        // What a link was shown as may have ended in blanks that no reader sees.
        for i in links.indices { links[i].anchor = links[i].anchor?.clamped(to: 0..<visible.count) }
        base = renderer.base
        flags = renderer.flags.union(renderer.visible.flags).union(renderer.hidden.flags)
        if !hidden.isEmpty { flags.insert(.hiddenText) }
        origins = renderer.origins
        scripts = renderer.scripts
    }

    public init(_ html: some Collection<UInt8>) {
        self = Array(html).withUnsafeBytes { HTMLPage($0) }
    }

    /// The piece of the page that a piece of the visible text is from: as narrow as is known.
    func origin(of text: Range<Int>, in count: Int) -> Range<Int> {
        var low = 0
        var high = origins.count
        while low < high {
            let middle = (low + high) / 2
            if origins[middle].text <= text.lowerBound { low = middle + 1 } else { high = middle }
        }
        let start = low > 0 ? origins[low - 1].page : 0
        var end = low
        while end < origins.count, origins[end].text < text.upperBound { end += 1 }
        return start..<max(start, end < origins.count ? origins[end].page : count)
    }
}
