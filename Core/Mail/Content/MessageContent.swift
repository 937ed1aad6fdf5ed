/// What a message consists of, as filters are shown it: built once, as far as the enabled filters need it. Immutable; any thread.
public struct MessageContent: Sendable {
    /// What was built.
    public var built: ContentNeeds
    /// What refs point into: 0 the message as it came; 1, where anything had to be decoded, what was made of it.
    public var regions: [Region]
    public var parts: [ContentPart] = []
    public var texts: [ContentText] = []
    public var urls: [ContentURL] = []
    /// Of the message as a whole: the union of what its parts say.
    public var gaps: ContentGaps = []

    public init(built: ContentNeeds, regions: [Region]) {
        self.built = built
        self.regions = regions
    }

    /// The bytes that a ref names; valid while `regions` are. A ref outside of its region: nothing.
    public func bytes(_ ref: ContentRef) -> UnsafeRawBufferPointer {
        guard regions.indices.contains(ref.region) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let region = regions[ref.region].bytes
        return UnsafeRawBufferPointer(rebasing: region[ref.range.clamped(to: 0..<region.count)])
    }
}
