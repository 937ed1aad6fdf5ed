import CPostern

/// One part of a message (RFC 2045), or one more reading of a part that mainstream readers read differently. For the run that it came from.
public struct Part {
    public enum Kind: UInt32, Sendable { case leaf, multipart, message }

    /// Among `Message.parts`.
    public let index: Int
    public let kind: Kind
    /// nil: the message itself.
    public let parent: Int?
    /// The part whose bytes this reads otherwise; nil: the first reading.
    public let alternativeTo: Int?
    /// As IMAP numbers parts, `1.2`; empty: the message itself.
    public let path: String
    /// `type/subtype` in lower case.
    public let declaredType: String
    /// From the decoded bytes; empty: they tell nothing.
    public let detectedType: String
    public let charset: String
    public let transferEncoding: String
    public let disposition: String
    public let contentID: String
    /// All that a reader could take for its file name, the likeliest first.
    public let names: [String]
    /// 32 bytes; zeros for what is no leaf, and where no filter needs parts.
    public let sha256: [UInt8]
    public let gaps: Gaps
    /// What exactly is odd: POSTERN_ODD_*.
    public let oddities: UInt64
    let decoded: postern_ref
    private let call: UnsafePointer<postern_call>

    init(_ raw: postern_part, names: [String], index: Int, of call: UnsafePointer<postern_call>) {
        self.index = index
        kind = Kind(rawValue: raw.kind) ?? .leaf
        parent = raw.parent == POSTERN_NO_PART ? nil : Int(raw.parent)
        alternativeTo = raw.alternative_to == POSTERN_NO_PART ? nil : Int(raw.alternative_to)
        path = raw.path.text
        declaredType = raw.declared_type.text
        detectedType = raw.detected_type.text
        charset = raw.charset.text
        transferEncoding = raw.transfer_encoding.text
        disposition = raw.disposition.text
        contentID = raw.content_id.text
        self.names = names
        sha256 = withUnsafeBytes(of: raw.sha256) { Array($0) }
        gaps = Gaps(rawValue: raw.raw.flags | raw.decoded.flags)
        oddities = raw.flags
        decoded = raw.decoded
        self.call = call
    }

    /// Bytes without the transfer encoding; 0 for what is no leaf.
    public var count: Int { Int(clamping: decoded.length) }

    /// The decoded bytes, lent for the closure. Throws when the host cannot give them.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { try decoded.withBytes(of: call, body) }
}

extension postern_ref {
    func withBytes<R>(of call: UnsafePointer<postern_call>, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        var bytes = postern_bytes()
        let status = call.pointee.host.pointee.view(call, self, &bytes)
        guard status == POSTERN_OK else { throw FilterError("the message cannot be read (status \(status))") }
        return try body(bytes.buffer)
    }
}
