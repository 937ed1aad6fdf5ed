/// One part of a message (RFC 2045), or one more reading of a part that mainstream readers read differently. The first is the message
/// itself; parts of it follow in the order in which they begin, other readings and files inside text behind what was read first.
public struct ContentPart: Hashable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// It has bytes of its own: text, an attachment.
        case leaf
        /// Its children are what it is made of.
        case multipart
        /// message/rfc822 and the like: its one child is that message.
        case message
    }

    /// As IMAP numbers parts: `1.2`; the message itself is ``, alternative readings are `1.2~1`, a file inside text `1.2/1`.
    public var path: String
    /// Index of the part that it is in; nil for the message itself.
    public var parent: Int?
    /// Index of the part whose bytes this reads otherwise; nil for the first reading.
    public var alternativeTo: Int?
    public var kind: Kind
    /// Lower case, `type/subtype`, as declared or by default (RFC 2045 section 5.2; message/rfc822 within multipart/digest).
    public var declaredType: String
    /// From the decoded bytes; empty where they tell nothing, and of what is no leaf.
    public var detectedType: String
    /// As declared, lower case; empty: none.
    public var charset: String
    /// As declared, lower case: `base64`; empty: none. `uuencode`, `yenc`, `binhex` for files inside text.
    public var transferEncoding: String
    /// `inline`, `attachment`, ..., lower case; empty: none.
    public var disposition: String
    /// Content-ID without its angle brackets; empty: none.
    public var contentID: String
    /// All that a reader could take for its file name, in UTF-8, the likeliest first.
    public var names: [String]
    /// Its header; empty for a file inside text. In region 0, or that of the encoded message or text that it is in.
    public var header: ContentRef
    /// Its body as it came, in the same region.
    public var raw: ContentRef
    /// Its body without the transfer encoding; nil for what is no leaf. The same as `raw` where nothing was encoded.
    public var decoded: ContentRef?
    /// SHA-256 of `decoded`; nil for what is no leaf, and where no filter needs parts.
    public var sha256: MessageDigest?
    public var gaps: ContentGaps
    /// What exactly is odd: words of `PartFlags`, for people and for filters.
    public var flags: PartFlags

    public init(
        path: String, parent: Int?, kind: Kind, declaredType: String, header: ContentRef, raw: ContentRef, alternativeTo: Int? = nil,
        detectedType: String = "", charset: String = "", transferEncoding: String = "", disposition: String = "", contentID: String = "",
        names: [String] = [], decoded: ContentRef? = nil, sha256: MessageDigest? = nil, gaps: ContentGaps = [], flags: PartFlags = []
    ) {
        self.path = path
        self.parent = parent
        self.alternativeTo = alternativeTo
        self.kind = kind
        self.declaredType = declaredType
        self.detectedType = detectedType
        self.charset = charset
        self.transferEncoding = transferEncoding
        self.disposition = disposition
        self.contentID = contentID
        self.names = names
        self.header = header
        self.raw = raw
        self.decoded = decoded
        self.sha256 = sha256
        self.gaps = gaps
        self.flags = flags
    }
}
