/// One transaction with a next hop: a message for recipients that go the same way and get the same headers.
public struct DeliveryJob: Sendable {
    public var queueID: QueueID
    public var reversePath: ReversePath
    public var is8BitMIME: Bool
    public var isSMTPUTF8: Bool
    public var dsn: DSNRequest
    /// In order; never empty.
    public var recipients: [JobRecipient]
    /// Complete header lines that go above the body.
    public var addedHeaders: String
    public var region: Region
    public var route: Route
    /// Whose filters are asked about the way; empty: nobody's.
    public var policyDomain = ""
    public var role = ListenerRole.inbound

    public init(
        queueID: QueueID, reversePath: ReversePath, is8BitMIME: Bool, isSMTPUTF8: Bool, dsn: DSNRequest = DSNRequest(),
        recipients: [JobRecipient], addedHeaders: String, region: Region, route: Route
    ) {
        self.dsn = dsn
        self.queueID = queueID
        self.reversePath = reversePath
        self.is8BitMIME = is8BitMIME
        self.isSMTPUTF8 = isSMTPUTF8
        self.recipients = recipients
        self.addedHeaders = addedHeaders
        self.region = region
        self.route = route
    }
}

public struct JobRecipient: Sendable, Hashable {
    /// Its place in the envelope.
    public var index: Int
    public var address: EmailAddress
    public var notify: NotifyConditions?
    /// ORCPT as it was given.
    public var originalRecipient: String?

    public init(index: Int, address: EmailAddress, notify: NotifyConditions? = nil, originalRecipient: String? = nil) {
        self.index = index
        self.address = address
        self.notify = notify
        self.originalRecipient = originalRecipient
    }
}

/// What became of a job: one outcome per recipient, in the job's order.
public struct DeliveryReport: Sendable {
    public var outcomes: [DeliveryOutcome]
    /// The next hop that answered last, with the address used: `mail.example.com[192.0.2.1]:25`.
    public var nextHop: String
    public var tls: TLSFacts?
    /// Every server that took the message took RET, ENVID, NOTIFY and ORCPT with it, so that successes are for it to tell.
    public var passedDSN = false
    /// Whoever took it did so by LMTP, so that it is in the mailbox.
    public var isLMTP = false
    /// A server was ready for this message: if nothing came of it, that says nothing of other messages.
    public var isServed = false
    /// This gateway lacked something of its own for a connection (a descriptor, a port), so that a server was not tried: unless another one
    /// answered, nothing was learnt of how the destination is.
    public var isUntried = false
    /// Seconds as in Postfix's delays: waiting for and making the connection, and sending.
    public var connectTime: Duration
    public var sendTime: Duration

    public init(
        outcomes: [DeliveryOutcome], nextHop: String, tls: TLSFacts? = nil, connectTime: Duration = .zero, sendTime: Duration = .zero
    ) {
        self.outcomes = outcomes
        self.nextHop = nextHop
        self.tls = tls
        self.connectTime = connectTime
        self.sendTime = sendTime
    }
}

/// Speaks SMTP to next hops. Deliver implements it; Queue decides when. Any thread; the completion comes once, on any thread.
public protocol NextHopClient: Sendable {
    func deliver(_ job: DeliveryJob, completion: @escaping @Sendable (DeliveryReport) -> Void)
}
