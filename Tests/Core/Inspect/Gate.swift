import GatewayTestKit
import Inspect
import Mail
import SRS
import Synchronization

/// An inspector with scripted ports, and a client that asks it one question after the other. Everything on one `ManualLoop`.
final class Gate: @unchecked Sendable {
    // Used from the test's thread only.
    let loop = ManualLoop()
    let store = MemoryStore()
    let log = RecordingMailLog()
    let journal = RecordingJournal()
    let host: ScriptedFilterHost
    let inspector: Inspector
    /// The newest session.
    private(set) var session: any SessionInspector
    var facts: SessionFacts
    /// What went on to the queue.
    let queued = Box<StoredMessage>()
    let records = Box<InspectionRecord>()
    /// Every completion in order: `connect go on`, `rcpt 250 ...`.
    let heard = Box<String>()

    final class Box<Element: Sendable>: Sendable {
        private let items = Mutex<[Element]>([])
        func append(_ item: Element) { items.withLock { $0.append(item) } }
        var all: [Element] { items.withLock { $0 } }
    }

    init(
        _ filters: [ScriptedFilter], _ policy: PolicySnapshot, role: ListenerRole = .inbound, client: String = "192.0.2.1",
        verifier: (any RecipientVerifier)? = nil, authenticator: (any Authenticator)? = nil, srs: SenderRewriting? = nil,
        contents: (any ContentBuilder)? = nil,
        elsewhere: @escaping @Sendable (SessionFacts, @escaping @Sendable () -> Void) -> Void = { $1() }
    ) throws {
        host = ScriptedFilterHost(filters)
        inspector = Inspector(
            plan: try FilterPlan(snapshot: policy, host: host), host: host, store: store, log: log, clock: loop,
            ids: QueueIDGenerator(floor: QueueID(rawValue: 0)), verifier: verifier, authenticator: authenticator,
            journal: journal, srs: srs, laterLoop: loop, contents: contents, elsewhere: elsewhere,
            accepted: { [queued] in queued.append($0) },
            observe: { [records] in records.append($0) })
        facts = SessionFacts(
            id: 7, role: role, listener: "127.0.0.1:25", client: IPAddress(client)!, clientPort: 4711, connectedAt: loop.now)
        session = inspector.makeInspector(facts, on: loop)
    }

    /// Another session of the same client.
    func reconnect() {
        session.close()
        facts.login = nil
        session = inspector.makeInspector(facts, on: loop)
    }

    /// The newest completion.
    var last: String { heard.all.last ?? "" }

    private func note(_ what: String, _ reply: Reply?) { heard.append("\(what) \(reply.map { "\($0)" } ?? "go on")") }

    func connect() { session.connect { [self] in note("connect", $0) } }

    func helo(_ name: String = "client.example") {
        facts.helo = name
        facts.isESMTP = true
        session.helo(facts) { [self] in note("helo", $0) }
    }

    func login(_ login: String, _ password: String) {
        session.authenticate(facts, Credentials(login: login, password: password)) { [self] outcome in
            switch outcome {
            case .accepted(let login):
                facts.login = login
                heard.append("auth accepted \(login)")
            case .refused(let reply): note("auth", reply)
            }
        }
        loop.runPending()
    }

    func mail(_ from: String = "a@sender.example") {
        session.mail(facts, Envelope(reversePath: ReversePath(unchecked: from)!)) { [self] in note("mail", $0) }
    }

    func rcpt(_ address: String) {
        let mailbox = EmailAddress(unchecked: address) ?? EmailAddress(localPart: address, domain: "")
        session.recipient(Recipient(address: mailbox)) { [self] in note("rcpt", $0) }
    }

    func data(_ text: String = "Subject: x\r\nMessage-ID: <1@sender.example>\r\n\r\nbody\r\n") {
        session.message(Region(copying: Array(text.utf8))) { [self] in heard.append("data " + $0.map { "\($0)" }.joined(separator: " | ")) }
    }

    /// Connect to end of data, as far as everything answers at once.
    func send(to recipients: String..., text: String = "Subject: x\r\nMessage-ID: <1@sender.example>\r\n\r\nbody\r\n") {
        connect()
        helo()
        mail()
        for address in recipients { rcpt(address) }
        data(text)
    }

    /// The copies stored for the only message, in order.
    var copies: [StoredRecipient] { store.accepted.flatMap(\.recipients) }
    /// The body of the only message.
    var body: String { store.accepted.first?.region.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "" }
}

/// A domain's policy with these steps of slots.
func domain(_ name: String = "example.org", _ steps: [FilterStep] = [], _ change: (inout DomainPolicy) -> Void = { _ in }) -> DomainPolicy {
    var policy = DomainPolicy(domain: name)
    policy.deliverTo = [NextHop(host: "127.0.0.1")]
    policy.filters = steps
    policy.digest = "digest-of-" + name
    change(&policy)
    return policy
}

func slot(_ plugin: String, _ change: (inout FilterSlot) -> Void = { _ in }) -> FilterSlot {
    var slot = FilterSlot(name: plugin, plugin: plugin)
    change(&slot)
    return slot
}

func policy(
    _ domains: [DomainPolicy] = [domain()], generation: Int = 1, edge: [FilterStep] = [], edgeScores: [String: Double] = [:],
    edgeThresholds: Thresholds = Thresholds(), outboundEdge: EdgePolicy = EdgePolicy(), limits: Limits = Limits()
) -> PolicySnapshot {
    PolicySnapshot(
        generation: generation, hostname: "mx.gate.example", limits: limits, edge: edge, edgeScores: edgeScores,
        edgeThresholds: edgeThresholds, outboundEdge: outboundEdge, domains: domains)
}
