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

    public init(built: ContentNeeds, regions: [Region], parts: [ContentPart], texts: [ContentText] = [], urls: [ContentURL] = []) {
        self.built = built
        self.regions = regions
        self.parts = parts
        self.texts = texts
        self.urls = urls
        gaps = parts.reduce(into: []) { $0.formUnion($1.gaps.union($1.decoded?.gaps ?? [])) }
    }

    /// What a filter with these needs is shown; parts always, for texts and URLs name theirs.
    public func showing(_ needs: ContentNeeds) -> MessageContent {
        if built.isSubset(of: needs) { return self }
        return MessageContent(
            built: built.intersection(needs), regions: regions, parts: parts, texts: needs.contains(.text) ? texts : [],
            urls: needs.contains(.urls) ? urls : [])
    }

    /// The bytes that a ref names; valid while `regions` are. A ref outside of its region: nothing.
    public func bytes(_ ref: ContentRef) -> UnsafeRawBufferPointer {
        guard regions.indices.contains(ref.region) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let region = regions[ref.region].bytes
        return UnsafeRawBufferPointer(rebasing: region[ref.range.clamped(to: 0..<region.count)])
    }
}
