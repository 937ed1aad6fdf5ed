/// Bytes of a message or of what was made of it: a piece of one of `MessageContent.regions`.
public struct ContentRef: Hashable, Sendable {
    /// Index into `MessageContent.regions`; 0: the message as it came.
    public var region: Int
    public var range: Range<Int>
    public var gaps: ContentGaps

    public init(region: Int, _ range: Range<Int>, gaps: ContentGaps = []) {
        self.region = region
        self.range = range
        self.gaps = gaps
    }
}
