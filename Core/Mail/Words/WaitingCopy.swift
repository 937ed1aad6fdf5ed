/// What a queue needs to know of a copy that waits: where it goes and when. The rest stays in the store until it is its turn.
public struct WaitingCopy: Hashable, Sendable {
    public var queueID: QueueID
    public var index: Int
    public var role: ListenerRole
    public var policyDomain: String
    /// Of its address; empty where that has none.
    public var addressDomain: String
    /// It has a reverse-path of its own.
    public var isRedirected: Bool
    /// To be judged again; else queued.
    public var isHeld: Bool
    /// Not before.
    public var nextAttempt: Timestamp

    public init(
        queueID: QueueID, index: Int, role: ListenerRole, policyDomain: String, addressDomain: String, isRedirected: Bool, isHeld: Bool,
        nextAttempt: Timestamp
    ) {
        self.queueID = queueID
        self.index = index
        self.role = role
        self.policyDomain = policyDomain
        self.addressDomain = addressDomain
        self.isRedirected = isRedirected
        self.isHeld = isHeld
        self.nextAttempt = nextAttempt
    }

    public init(_ copy: StoredRecipient, of message: StoredMessage) {
        self.init(
            queueID: message.queueID, index: copy.index, role: message.role, policyDomain: copy.policyDomain,
            addressDomain: copy.address.domain, isRedirected: copy.reversePath != nil, isHeld: copy.state == .held,
            nextAttempt: copy.nextAttempt)
    }
}
