/// What is kept of a message: all that is needed to deliver it after a power cut.
public struct StoredMessage: Sendable {
    public var queueID: QueueID
    public var receivedAt: Timestamp
    public var reversePath: ReversePath
    public var is8BitMIME: Bool
    public var isSMTPUTF8: Bool
    /// Outbound mail goes the way of its sender's domain.
    public var role: ListenerRole
    public var dsn: DSNRequest
    /// True when the reverse-path is known to be the sender's own: only then it gets DSNs, since a forged one is somebody else's.
    public var isSenderAuthenticated = false
    /// The sender's session in JSON (client, helo, tls, ...): what a later inspection needs.
    public var sessionJSON: String
    /// nil for an entry read back without its body.
    public var region: Region?
    /// Bytes of the body.
    public var size: Int
    public var recipients: [StoredRecipient]

    public init(
        queueID: QueueID, receivedAt: Timestamp, reversePath: ReversePath, is8BitMIME: Bool, isSMTPUTF8: Bool,
        role: ListenerRole = .inbound, dsn: DSNRequest = DSNRequest(), sessionJSON: String, region: Region?, size: Int,
        recipients: [StoredRecipient]
    ) {
        self.role = role
        self.dsn = dsn
        self.queueID = queueID
        self.receivedAt = receivedAt
        self.reversePath = reversePath
        self.is8BitMIME = is8BitMIME
        self.isSMTPUTF8 = isSMTPUTF8
        self.sessionJSON = sessionJSON
        self.region = region
        self.size = size
        self.recipients = recipients
    }
}

/// One recipient's copy.
public struct StoredRecipient: Sendable, Hashable {
    /// Its place in the envelope; with the queue ID its key.
    public var index: Int
    public var address: EmailAddress
    /// Whose policy judged it and says where it goes: the recipient's domain, or the sender's for outbound mail.
    public var policyDomain: String
    public var notify: NotifyConditions?
    public var originalRecipient: String?
    /// For this copy instead of the message's: it was redirected. nil: the message's.
    public var reversePath: ReversePath?
    /// Its sender has been told that it is late.
    public var isDelayTold = false
    public var state: RecipientState
    /// Header fields for this copy, put above the body when it is sent; complete lines, CR LF each.
    public var addedHeaders: String
    /// Why it is in this state, for people.
    public var reason: String
    public var score: Double
    /// Finished attempts.
    public var attempts: Int = 0
    /// Not before.
    public var nextAttempt: Timestamp

    public init(
        index: Int, address: EmailAddress, policyDomain: String, state: RecipientState, addedHeaders: String, reason: String = "",
        score: Double = 0,
        nextAttempt: Timestamp
    ) {
        self.index = index
        self.address = address
        self.policyDomain = policyDomain
        self.state = state
        self.addedHeaders = addedHeaders
        self.reason = reason
        self.score = score
        self.nextAttempt = nextAttempt
    }
}

/// Numbered as on disk: Store/README.md says who moves a copy where, and what a crash leaves. Numbers are never reused.
public enum RecipientState: Int, Sendable, CaseIterable {
    /// To be delivered at `nextAttempt`: new, or after a deferral.
    case queued = 1
    /// Accepted, but a filter gave no verdict: to be judged again at `nextAttempt`.
    case held = 2
    /// Kept until somebody releases or deletes it.
    case quarantined = 3
    // From here on final: the copy is no longer ours.
    case delivered = 10
    case bounced = 11
    case discarded = 12
    case deleted = 13
    case expired = 14

    public var isFinal: Bool { rawValue >= 10 }

    public var word: String { String(describing: self) }
}

/// A change of one copy.
public struct RecipientChange: Sendable {
    public var queueID: QueueID
    public var index: Int
    public var state: RecipientState
    public var attempts: Int
    public var nextAttempt: Timestamp
    public var reason: String
    /// nil: as before.
    public var addedHeaders: String?
    /// Only a copy that is in this state is changed, which the store checks as it commits: what an operator has done meanwhile stands. nil:
    /// in whichever open state it is.
    public var from: RecipientState?
    /// A message added with it tells of it, so neither is of use without the other: if this change comes to nothing, since the copy is in
    /// another state by now, the whole call fails as `.outdated`.
    public var isTold = false
    /// Its sender is told, with this change, that it is late. False: as before.
    public var tellsDelay = false
    /// Of a copy that an inspection has refused after all: what its sender is told. Not stored.
    public var refusal: Reply?

    public init(
        queueID: QueueID, index: Int, state: RecipientState, attempts: Int, nextAttempt: Timestamp, reason: String,
        addedHeaders: String? = nil
    ) {
        self.queueID = queueID
        self.index = index
        self.state = state
        self.attempts = attempts
        self.nextAttempt = nextAttempt
        self.reason = reason
        self.addedHeaders = addedHeaders
    }
}

/// A line of a message's history, kept apart from the queue.
public struct Receipt: Sendable {
    public var queueID: QueueID
    public var time: Timestamp
    /// `inspected`, `attempt`, `released`, ...
    public var kind: String
    /// One JSON object.
    public var json: String

    public init(queueID: QueueID, time: Timestamp, kind: String, json: String) {
        self.queueID = queueID
        self.time = time
        self.kind = kind
        self.json = json
    }
}

/// Why nothing was stored. `text` is for the log.
public struct StoreFailure: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// There is no space; `busy`: the disk is too slow for the load. Both pass, and new mail had better wait.
        case full, busy
        case damaged, unavailable
        /// Nothing was done: see `RecipientChange.isTold`.
        case outdated
    }
    public var kind: Kind
    public var text: String
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
    public var description: String { text }
}

/// Durable storage of messages. Any thread; completions come on the store's own thread and must be short.
public protocol MessageStore: Sendable {
    /// Durable when the completion says success. Group commit: many calls share one sync.
    func accept(_ message: StoredMessage, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void)
    /// Durable when the completion says success: the changes and the new messages that come of them (DSNs), all or nothing. A message whose
    /// copies are all final loses its body. With new messages it may fail as `.full` before the disk is, like `accept`.
    func change(
        _ changes: [RecipientChange], adding messages: [StoredMessage], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    )
    /// History: written soon, lost at most in a crash within that time.
    func append(_ receipt: Receipt)
    /// The body, read back.
    func body(of id: QueueID, completion: @escaping @Sendable (Result<Region, StoreFailure>) -> Void)
    /// Up to `limit` messages with copies in one of `states`, in order of queue ID, above `after`. Without bodies.
    func messages(
        in states: Set<RecipientState>, after: QueueID?, limit: Int,
        completion: @escaping @Sendable (Result<[StoredMessage], StoreFailure>) -> Void)
    /// Copies that are queued or held, in order of queue ID and index, above `after`; about `limit` of them, and none only at the end.
    func waiting(
        after: WaitingCopy?, limit: Int, completion: @escaping @Sendable (Result<[WaitingCopy], StoreFailure>) -> Void)
    /// One message without its body, final copies included while others of it wait.
    func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void)
    /// A message's history in order.
    func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void)
    /// The highest queue ID ever stored: new ones start above.
    var highestQueueID: QueueID { get }
}

extension MessageStore {
    /// For stores that are small.
    public func waiting(
        after: WaitingCopy?, limit: Int, completion: @escaping @Sendable (Result<[WaitingCopy], StoreFailure>) -> Void
    ) {
        messages(in: [.queued, .held], after: after?.queueID, limit: limit) { result in
            completion(
                result.map { messages in
                    messages.flatMap { message in
                        message.recipients.filter { $0.state == .queued || $0.state == .held }.map { WaitingCopy($0, of: message) }
                    }
                })
        }
    }

    public func change(_ changes: [RecipientChange], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        change(changes, adding: [], completion: completion)
    }
}
