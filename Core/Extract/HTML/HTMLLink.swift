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
    /// `span` is of all the page inside the page that it is in.
    public var isNested = false
    /// No reader sees what it is around.
    public var isHidden = false

    /// The base of the page inside the page that it is in; nil: the page's.
    var base: [UInt8]?

    /// Bytes kept of one.
    public static let mostBytes = 2048
}
