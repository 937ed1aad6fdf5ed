import CPostern

/// A link, or what clients make one of.
public struct MessageURL: Hashable, Sendable {
    public enum Source: UInt32, Sendable {
        case text
        /// A plain name that clients turn into a link.
        case name
        /// `hxxp://example[.]com`
        case defanged
        /// What HTML links to, forms too.
        case link
        /// What a client fetches by itself.
        case fetch
        /// meta refresh.
        case refresh
        /// A header field.
        case header
    }

    /// The part's index among `Message.parts`.
    public let part: Int
    public let source: Source
    /// As written.
    public let raw: String
    /// By the WHATWG URL standard; empty: it is none by that standard.
    public let canonical: String
    /// As `canonical` has it.
    public let host: String
    /// The text that a reader sees of the link.
    public let anchor: String
    /// POSTERN_URL_*: tricks in it.
    public let flags: UInt32

    init(_ raw: postern_url) {
        part = Int(raw.part)
        source = Source(rawValue: raw.source) ?? .text
        self.raw = raw.raw.text
        canonical = raw.canonical.text
        host = raw.host.text
        anchor = raw.anchor.text
        flags = raw.flags
    }
}
