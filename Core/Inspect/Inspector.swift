import Mail
import SRS
import Synchronization

/// Makes a `SessionInspection` for each session and holds what they share: the plan in force and the ports.
public final class Inspector: SessionInspectorFactory {
    let host: any FilterHost
    let store: any MessageStore
    let log: any MailLog
    let clock: any WallClock
    let ids: QueueIDGenerator
    /// Who asks next hops for mailboxes; nil: nobody, and callouts accept.
    let verifier: (any RecipientVerifier)?
    /// Who knows logins; nil: there are none.
    let authenticator: (any Authenticator)?
    let journal: any InFlightJournal
    /// Where a large message is written when it is changed; nil: memory.
    let spool: (any BodySpool)?
    /// nil: reverse-paths of redirected mail stay as they are, and none is read back.
    let srs: SenderRewriting?
    /// Who takes messages apart; nil: nobody, and filters see their bytes only.
    let contents: (any ContentBuilder)?
    /// Runs work for a session that takes too long for a loop.
    let elsewhere: @Sendable (SessionFacts, @escaping @Sendable () -> Void) -> Void
    let metrics = InspectMetrics()
    let active = ActiveInspections()
    /// Recipients that do not exist, per client.
    let unknownRecipients = ClientCounts(window: Inspector.harvestWindow)
    let failedLogins = ClientCounts(window: .seconds(60))
    /// Told of each message after its commit.
    let accepted: @Sendable (StoredMessage) -> Void
    /// Told of each inspection, whatever came of it.
    let concluded: (@Sendable (InspectionRecord) -> Void)?
    /// nil: no filter is told of outcomes.
    let outcomes: OutcomeWatch?
    /// nil: nobody is asked about ways.
    let routes: RouteJudgement?
    /// nil: nobody is asked about servers.
    let peers: PeerJudgement?
    private let plan: Mutex<FilterPlan>

    public init(
        plan: FilterPlan, host: any FilterHost, store: any MessageStore, log: any MailLog, clock: any WallClock, ids: QueueIDGenerator,
        verifier: (any RecipientVerifier)? = nil, authenticator: (any Authenticator)? = nil,
        journal: any InFlightJournal = NoJournal(), spool: (any BodySpool)? = nil, srs: SenderRewriting? = nil,
        laterLoop: (any SerialLoop)? = nil, contents: (any ContentBuilder)? = nil,
        elsewhere: @escaping @Sendable (SessionFacts, @escaping @Sendable () -> Void) -> Void = { $1() },
        accepted: @escaping @Sendable (StoredMessage) -> Void,
        observe: (@Sendable (InspectionRecord) -> Void)? = nil
    ) {
        self.plan = Mutex(plan)
        self.host = host
        self.store = store
        self.log = log
        self.clock = clock
        self.ids = ids
        self.verifier = verifier
        self.authenticator = authenticator
        self.journal = journal
        self.spool = spool
        self.srs = srs
        self.contents = contents
        self.elsewhere = elsewhere
        self.accepted = accepted
        concluded = observe
        outcomes = laterLoop.map { [metrics] in OutcomeWatch(on: $0, log: log, metrics: metrics) }
        let runs = laterLoop.map { [metrics] in WayRuns(loop: $0, metrics: metrics) }
        routes = runs.map(RouteJudgement.init)
        peers = runs.map(PeerJudgement.init)
    }

    /// The plan that the next transaction is pinned to.
    public var currentPlan: FilterPlan { plan.withLock { $0 } }

    /// From now on in force. What is under way keeps the plan that it has.
    public func take(_ next: FilterPlan) { plan.withLock { $0 = next } }

    /// What the filters of the question's domain say of the way: the port `JudgeRoute`.
    public func judge(_ question: RouteQuestion, completion: @escaping @Sendable (RouteAnswer) -> Void) {
        let plan = currentPlan
        let domain = plan.snapshot.domains[question.policyDomain]?.domain
        let slots = domain.map { plan.routers(of: $0, for: question.role) } ?? []
        guard let routes, !slots.isEmpty else { return completion(.go([])) }
        routes.ask(question, slots, plan, then: completion)
    }

    /// What the filters of the question's domain say of a server: the port `JudgePeer`.
    public func judge(
        _ question: RouteQuestion, passed: UInt64?, _ facts: () -> PeerFacts, completion: @escaping @Sendable (PeerAnswer) -> Void
    ) {
        let plan = currentPlan
        if passed == plan.number { return completion(.go(policy: plan.number)) }
        let domain = plan.snapshot.domains[question.policyDomain]?.domain
        let slots = domain.map { plan.peerJudges(of: $0, for: question.role) } ?? []
        guard let peers, !slots.isEmpty else { return completion(.go(policy: plan.number)) }
        peers.ask(question, facts(), slots, plan, then: completion)
    }

    public func makeInspector(_ facts: SessionFacts, on loop: any SerialLoop) -> any SessionInspector {
        let session = SessionInspection(facts, by: self, on: loop)
        active.enter(session)
        return session
    }
}
