/// A link, or what clients make one of.
public struct ContentURL: Hashable, Sendable {
    public enum Source: UInt8, Sendable {
        /// In text as such, `https://...`.
        case text
        /// A plain name in text that clients turn into a link: `www.example.com`, `example.com/x`.
        case name
        /// Defanged: `hxxp://example[.]com`.
        case defanged
        /// What HTML links to: `a`, `area`, forms.
        case link
        /// What a client fetches by itself: images, style sheets, CSS.
        case fetch
        /// meta refresh.
        case refresh
        /// A header field.
        case header
    }

    /// As it is written, entities and folds included; at most 2,048 bytes, UTF-8 with bad bytes replaced.
    public var raw: String
    /// By the WHATWG URL standard; empty where it is none by that standard and was flagged.
    public var canonical: String
    /// The host as `canonical` has it; empty without one.
    public var host: String
    /// Index into `MessageContent.parts`.
    public var part: Int
    public var source: Source
    /// Where it stands: in the part's decoded bytes, else in the header.
    public var span: ContentRef
    /// The text that a reader sees of the link, white space folded, at most 512 bytes; empty: none.
    public var anchor: String
    public var flags: URLFlags

    public init(
        raw: String, canonical: String, host: String, part: Int, source: Source, span: ContentRef, anchor: String = "", flags: URLFlags = []
    ) {
        self.raw = raw
        self.canonical = canonical
        self.host = host
        self.part = part
        self.source = source
        self.span = span
        self.anchor = anchor
        self.flags = flags
    }
}

/// Tricks in a URL.
public struct URLFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `user:password@` in front of the host.
    public static let userInfo = URLFlags(rawValue: 1)
    /// The host is an address.
    public static let address = URLFlags(rawValue: 2)
    /// The address is written so that people do not see one: octal, one number, hexadecimal.
    public static let hiddenAddress = URLFlags(rawValue: 4)
    /// Percent or entity encoding where none is needed.
    public static let encoded = URLFlags(rawValue: 8)
    /// A name of other than ASCII letters (or `xn--`).
    public static let idn = URLFlags(rawValue: 16)
    /// No URL by the standard; clients may still follow it.
    public static let malformed = URLFlags(rawValue: 32)
    /// Resolved against `<base>`.
    public static let relative = URLFlags(rawValue: 64)
    /// Cut at our limit.
    public static let truncated = URLFlags(rawValue: 128)
    /// Backslashes, tabs or line ends inside, which clients take away.
    public static let disguised = URLFlags(rawValue: 256)
    /// In a page's text that no reader sees, or a link around it.
    public static let hidden = URLFlags(rawValue: 512)

    public static let names: [(URLFlags, String)] = [
        (.userInfo, "user-info"), (.address, "address"), (.hiddenAddress, "hidden-address"), (.encoded, "encoded"), (.idn, "idn"),
        (.malformed, "malformed"), (.relative, "relative"), (.truncated, "truncated"), (.disguised, "disguised"),
        (.hidden, "hidden"),
    ]
}
