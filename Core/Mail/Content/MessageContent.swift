import Synchronization

/// What a message consists of, as filters are shown it: built once, as far as the enabled filters need it. Immutable; any thread.
public final class MessageContent: Sendable {
    /// What was built.
    public let built: ContentNeeds
    /// What refs point into: 0 the message as it came; 1, where anything had to be decoded, what was made of it; from 2 on
    /// messages and texts that were encoded as a whole and were taken apart in turn.
    public let regions: [Region]
    public let parts: [ContentPart]
    public let texts: [ContentText]
    public let urls: [ContentURL]
    /// Of the message as a whole: the union of what its parts and their decoded bytes say.
    public let gaps: ContentGaps
    /// What this shows a piece of; nil: it is all that was built.
    private let whole: MessageContent?
    private let kept = Mutex<Region?>(nil)

    public init(built: ContentNeeds, regions: [Region], parts: [ContentPart], texts: [ContentText] = [], urls: [ContentURL] = []) {
        self.built = built
        self.regions = regions
        self.parts = parts
        self.texts = texts
        self.urls = urls
        gaps = parts.reduce(into: []) { $0.formUnion($1.gaps.union($1.decoded?.gaps ?? [])) }
        whole = nil
    }

    private init(_ whole: MessageContent, showing needs: ContentNeeds) {
        built = whole.built.intersection(needs)
        (regions, parts, gaps) = (whole.regions, whole.parts, whole.gaps)
        texts = needs.contains(.text) ? whole.texts : []
        urls = needs.contains(.urls) ? whole.urls : []
        self.whole = whole
    }

    /// What a filter with these needs is shown; parts always, for texts and URLs name theirs.
    public func showing(_ needs: ContentNeeds) -> MessageContent {
        built.isSubset(of: needs) ? self : MessageContent(self, showing: needs)
    }

    /// All that was built, as it is written down for other processes: made by whoever asks first, however much of it he is shown, and kept
    /// as long as the content. Others who ask meanwhile wait for it.
    public func record(_ write: (MessageContent) -> Region) -> Region {
        if let whole { return whole.record(write) }
        return kept.withLock { kept in
            if let kept { return kept }
            let made = write(self)
            kept = made
            return made
        }
    }

    /// The smallest part that a ref lies in, its header or a text of it included; nil: none.
    public func part(of ref: ContentRef) -> ContentPart? {
        var found: (index: Int, count: Int)?
        func look(_ whole: ContentRef, _ index: Int) {
            guard whole.region == ref.region, whole.range.lowerBound <= ref.range.lowerBound,
                ref.range.upperBound <= whole.range.upperBound,
                whole.range.count <= found?.count ?? .max
            else { return }
            found = (index, whole.range.count)
        }
        for (index, part) in parts.enumerated() {
            look(part.header, index)
            look(part.raw, index)
            if let decoded = part.decoded { look(decoded, index) }
        }
        for text in texts { look(text.text, text.part) }
        return found.map { parts[$0.index] }
    }

    /// The bytes that a ref names; valid while `regions` are. A ref outside of its region: nothing.
    public func bytes(_ ref: ContentRef) -> UnsafeRawBufferPointer {
        guard regions.indices.contains(ref.region) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let region = regions[ref.region].bytes
        return UnsafeRawBufferPointer(rebasing: region[ref.range.clamped(to: 0..<region.count)])
    }
}
