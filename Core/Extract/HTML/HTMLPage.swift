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
    /// Steps taken to find which style rules its elements are under, those of pages inside it too: in proportion to its size at most.
    public private(set) var steps = 0
    /// Where in the page pieces of `visible` and of `hidden` are from.
    private(set) var origins: (visible: HTMLOrigins, hidden: HTMLOrigins)
    private(set) var programs: [HTMLProgram] = []

    /// `html` is UTF-8; bytes that are none pass through.
    public init(_ html: UnsafeRawBufferPointer) { self.init(html, depth: 0, mostSteps: .max) }

    public init(_ html: some Collection<UInt8>) {
        self = Array(html).withUnsafeBytes { HTMLPage($0) }
    }

    /// `depth`: how many pages are around it. `mostSteps`: what the page around it has left.
    init(_ html: UnsafeRawBufferPointer, depth: Int, mostSteps: Int) {
        var renderer = HTMLRenderer(html, rules: nil, depth: depth, mostSteps: mostSteps)
        renderer.run()
        steps = renderer.presentation.steps
        if renderer.isStyledLate {
            renderer = HTMLRenderer(html, rules: renderer.presentation.rules, depth: depth, mostSteps: mostSteps - steps)
            renderer.run()
            steps += renderer.presentation.steps
        }
        visible = renderer.visible.bytes
        hidden = renderer.hidden.bytes
        links = renderer.links
        // What a link was shown as may have ended in blanks that no reader sees.
        for i in links.indices { links[i].anchor = links[i].anchor?.clamped(to: 0..<visible.count) }
        base = renderer.base
        flags = renderer.flags.union(renderer.visible.flags).union(renderer.hidden.flags)
        if !hidden.isEmpty { flags.insert(.hiddenText) }
        origins = (renderer.visible.origins, renderer.hidden.origins)
        programs = renderer.programs
    }
}
