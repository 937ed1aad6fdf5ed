import Mail

/// What the client machine must know of a message: its envelope and its size. The bytes stay with the driver.
public struct ClientTransaction: Sendable, Hashable {
    public var reversePath: ReversePath
    /// Never empty. Their policy domain is of no interest here.
    public var recipients: [Recipient]
    /// Bytes as sent, without dot-stuffing and the final dot: what SIZE= declares.
    public var size: Int
    public var is8BitMIME: Bool
    /// It has UTF-8 in its addresses or header fields: only a server with SMTPUTF8 may get it (RFC 6531 section 3.2).
    public var needsSMTPUTF8: Bool
    /// Passed on to a server with DSN, as the recipients' wishes are (RFC 3461 section 5.2.1).
    public var dsn: DSNRequest
    /// It has 8-bit bytes that must not go to a server without 8BITMIME. Nobody need look for them while the server has it.
    public var needs8BitMIME = false
    /// A callout: the transaction ends with the last reply to RCPT, and an accepted recipient's outcome is `delivered` with that reply.
    public var endsAfterRecipients: Bool

    public init(
        reversePath: ReversePath, recipients: [Recipient], size: Int, is8BitMIME: Bool = false, needsSMTPUTF8: Bool = false,
        dsn: DSNRequest = DSNRequest(), endsAfterRecipients: Bool = false
    ) {
        self.reversePath = reversePath
        self.recipients = recipients
        self.size = size
        self.is8BitMIME = is8BitMIME
        self.needsSMTPUTF8 = needsSMTPUTF8
        self.dsn = dsn
        self.endsAfterRecipients = endsAfterRecipients
    }

    public init(reversePath: ReversePath, recipients: [EmailAddress], size: Int, is8BitMIME: Bool = false, needsSMTPUTF8: Bool = false) {
        self.init(
            reversePath: reversePath, recipients: recipients.map { Recipient(address: $0) }, size: size, is8BitMIME: is8BitMIME,
            needsSMTPUTF8: needsSMTPUTF8)
    }
}
