import Mail
import Synchronization

/// Inspectors that decide as the transcripts suppose: mail for `example.com` is taken, for `unknown@example.com` refused, elsewhere never
/// relayed. Records what it was told. Any thread.
public final class ScriptedInspectors: SessionInspectorFactory, Sendable {
    public struct Record: Sendable {
        public var messages: [[UInt8]] = []
        public var recipients: [[EmailAddress]] = []
        public var sessions: [SessionFacts] = []
        public var helos: [SessionFacts] = []
        public var resets = 0
        public var closes = 0
        /// Messages that wait because `holdsMessages`.
        public var held: [@Sendable () -> Void] = []
    }

    public enum Pace: Sendable {
        /// Before the call returns.
        case atOnce
        /// In a later turn of the loop.
        case later
    }

    private let state = Mutex(Record())
    public let hostname: String
    public let limits: Limits
    public let pace: Pace
    /// Messages are answered by `releaseHeld` only.
    public let holdsMessages: Bool
    /// Of connect.
    public let refusal: Reply?

    public init(
        hostname: String = "mx.example.com", limits: Limits = Limits(), pace: Pace = .atOnce, holdsMessages: Bool = false,
        refusal: Reply? = nil
    ) {
        self.hostname = hostname
        self.limits = limits
        self.pace = pace
        self.holdsMessages = holdsMessages
        self.refusal = refusal
    }

    public var record: Record { state.withLock { $0 } }

    public func releaseHeld() {
        let held = state.withLock { record in
            defer { record.held = [] }
            return record.held
        }
        for answer in held { answer() }
    }

    public func makeInspector(_ facts: SessionFacts, on loop: any SerialLoop) -> any SessionInspector {
        state.withLock { $0.sessions.append(facts) }
        return ScriptedInspector(self, facts, loop)
    }

    fileprivate func note(_ change: (inout Record) -> Void) { state.withLock { change(&$0) } }
}

/// Bound to its session's loop.
private final class ScriptedInspector: SessionInspector, @unchecked Sendable {
    // Sendable: only its loop calls it.
    private let shared: ScriptedInspectors
    private let loop: any SerialLoop
    private var recipients: [EmailAddress] = []
    private var facts: SessionFacts
    var queueID: QueueID?

    init(_ shared: ScriptedInspectors, _ facts: SessionFacts, _ loop: any SerialLoop) {
        self.facts = facts
        self.shared = shared
        self.loop = loop
    }

    var limits: Limits { shared.limits }
    var hostname: String { shared.hostname }

    private func answer(_ work: @escaping @Sendable () -> Void) {
        switch shared.pace {
        case .atOnce: work()
        case .later: loop.execute(work)
        }
    }

    func connect(then: @escaping @Sendable (Reply?) -> Void) { answer { then(self.shared.refusal) } }

    func helo(_ facts: SessionFacts, then: @escaping @Sendable (Reply?) -> Void) {
        self.facts = facts
        shared.note { $0.helos.append(facts) }
        answer { then(facts.helo == "refused.example" ? Reply(.refused, "That name is refused") : nil) }
    }

    /// `anna@example.com` with `secret`; others are refused.
    func authenticate(_ facts: SessionFacts, _ credentials: Credentials, then: @escaping @Sendable (AuthenticationOutcome) -> Void) {
        answer {
            guard credentials.login == "anna@example.com", credentials.password == "secret" else {
                return then(.refused(Reply(.authenticationFailed, "Authentication failed")))
            }
            then(.accepted(login: credentials.login))
        }
    }

    func mail(_ facts: SessionFacts, _ envelope: Envelope, then: @escaping @Sendable (Reply?) -> Void) {
        recipients = []
        answer { then(nil) }
    }

    func recipient(_ recipient: Recipient, then: @escaping @Sendable (Reply) -> Void) {
        let address = recipient.address
        answer {
            guard address.domain == "example.com" || address.domain.isEmpty else { return then(Reply(.relayDenied, "Relaying denied")) }
            guard address.localPart != "unknown" else { return then(Reply(.unknownRecipient, "No such mailbox")) }
            self.recipients.append(address)
            then(Reply(.recipientOK, "Recipient OK"))
        }
    }

    func message(_ region: Region, then: @escaping @Sendable ([Reply]) -> Void) {
        let recipients = recipients
        let isLMTP = facts.isLMTP
        let done: @Sendable () -> Void = { [loop] in
            loop.run { then(isLMTP ? recipients.map { Reply(.ok, "Queued for \($0)") } : [Reply(.ok, "Queued as TEST")]) }
        }
        shared.note {
            $0.messages.append(Array(region.bytes))
            $0.recipients.append(recipients)
            if self.shared.holdsMessages { $0.held.append(done) }
        }
        if !shared.holdsMessages { answer(done) }
    }

    func reset() {
        recipients = []
        shared.note { $0.resets += 1 }
    }

    func close() { shared.note { $0.closes += 1 } }
}
