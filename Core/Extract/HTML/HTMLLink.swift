import Mail

/// An address in a page, as its attribute or style sheet has it.
public struct HTMLLink: Hashable, Sendable {
    /// References and CSS escapes undone; at most `mostBytes`.
    public var value: [UInt8]
    /// In the page, as written.
    public var span: Range<Int>
    public var source: ContentURL.Source
    /// In the visible text; nil: it shows none.
    public var anchor: Range<Int>?
    public var isTruncated = false

    /// Bytes kept of one.
    public static let mostBytes = 2048
}
