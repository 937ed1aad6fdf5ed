/// Who sends to whom: what MAIL and RCPT said (RFC 5321 section 2.3.1). A recipient's place in `recipients` is its index everywhere.
public struct Envelope: Hashable, Sendable {
    public var reversePath: ReversePath
    public var recipients: [Recipient] = []
    /// BODY=8BITMIME was given (RFC 6152).
    public var is8BitMIME = false
    /// SMTPUTF8 was given (RFC 6531).
    public var isSMTPUTF8 = false
    /// SIZE= as declared, in bytes (RFC 1870).
    public var declaredSize: Int?
    public var dsn = DSNRequest()

    public init(reversePath: ReversePath) { self.reversePath = reversePath }
}

/// One RCPT TO.
public struct Recipient: Hashable, Sendable {
    public var address: EmailAddress
    /// The configured domain whose policy judges this recipient: differs from `address.domain` for an alias. Set when RCPT is accepted.
    public var policyDomain: String
    /// nil: the sender left it open (RFC 3461 section 4.1).
    public var notify: NotifyConditions?
    /// ORCPT as given, its xtext still encoded: `rfc822;name@example.com` (RFC 3461 section 4.2).
    public var originalRecipient: String?
    /// Its address is a reverse-path that we have rewritten (SRS): whom it stands for. Set when RCPT is accepted.
    public var standsFor: EmailAddress?

    public init(address: EmailAddress, policyDomain: String = "") {
        self.address = address
        self.policyDomain = policyDomain
    }
}
