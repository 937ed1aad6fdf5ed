/// What the SMTP server asks while a session goes on. One per session; everything is called, and every completion comes, on the session's
/// loop, possibly before the call returns. One question at a time. Inspect implements it.
public protocol SessionInspector: AnyObject, Sendable {
    /// The client is there. nil: greet it; else the reply that ends the session.
    func connect(then: @escaping @Sendable (Reply?) -> Void)
    /// HELO or EHLO, again after STARTTLS. `facts` has the name. nil: go on.
    func helo(_ facts: SessionFacts, then: @escaping @Sendable (Reply?) -> Void)
    /// AUTH (RFC 4954): who says that they are whom. The session keeps what `accepted` names as its login.
    func authenticate(_ facts: SessionFacts, _ credentials: Credentials, then: @escaping @Sendable (AuthenticationOutcome) -> Void)
    /// MAIL. Pins the transaction to the policy in force. nil: accepted, with `queueID` set from now on.
    func mail(_ facts: SessionFacts, _ envelope: Envelope, then: @escaping @Sendable (Reply?) -> Void)
    /// RCPT, its policy domain still open. A positive reply accepts it.
    func recipient(_ recipient: Recipient, then: @escaping @Sendable (Reply) -> Void)
    /// End of data. The reply is the transaction's end; a positive one comes only once the message is durable. With LMTP one reply for each
    /// accepted RCPT, in order (RFC 2033 section 4.2); else one.
    func message(_ region: Region, then: @escaping @Sendable ([Reply]) -> Void)
    /// RSET, a new EHLO, or a transaction that ended without a message.
    func reset()
    /// The connection is gone; completions that are still owed need not come.
    func close()
    /// Of the transaction under way.
    var queueID: QueueID? { get }
    /// Of the transaction under way, else the newest.
    var limits: Limits { get }
    var hostname: String { get }
}

/// The answer to `authenticate`.
public enum AuthenticationOutcome: Hashable, Sendable {
    case accepted(login: String)
    case refused(Reply)
}

public protocol SessionInspectorFactory: Sendable {
    func makeInspector(_ facts: SessionFacts, on loop: any SerialLoop) -> any SessionInspector
}
