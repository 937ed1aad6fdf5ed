/// Text as a reader sees it.
public struct ContentText: Hashable, Sendable {
    public enum Source: UInt8, Sendable {
        /// text/plain and its like, format=flowed undone.
        case plain
        /// HTML, rendered.
        case html
        /// HTML that is there and that no reader sees: behind `display: none`, in the colour of its ground, of no size.
        case hidden
        case subject
    }

    /// Index into `MessageContent.parts`.
    public var part: Int
    public var source: Source
    /// UTF-8.
    public var text: ContentRef

    public init(part: Int, source: Source, text: ContentRef) {
        self.part = part
        self.source = source
        self.text = text
    }
}
