import Mail

/// What the client machine must know of a message: its envelope and its size. The bytes stay with the driver.
public struct ClientTransaction: Sendable, Hashable {
    public var reversePath: ReversePath
    /// Never empty.
    public var recipients: [EmailAddress]
    /// Bytes as sent, without dot-stuffing and the final dot: what SIZE= declares.
    public var size: Int
    public var is8BitMIME: Bool
    /// It has UTF-8 in its addresses or header fields: only a server with SMTPUTF8 may get it (RFC 6531 section 3.2).
    public var needsSMTPUTF8: Bool

    public init(reversePath: ReversePath, recipients: [EmailAddress], size: Int, is8BitMIME: Bool = false, needsSMTPUTF8: Bool = false) {
        self.reversePath = reversePath
        self.recipients = recipients
        self.size = size
        self.is8BitMIME = is8BitMIME
        self.needsSMTPUTF8 = needsSMTPUTF8
    }
}
