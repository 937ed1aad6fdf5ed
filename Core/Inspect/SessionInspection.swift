import Decide
import Mail

/// The inspector of one session: the edge's filters, the login, and the transaction under way.
final class SessionInspection: SessionInspector, ActiveInspection, @unchecked Sendable {
    // Bound to `loop`.
    let inspector: Inspector
    let loop: any SerialLoop
    private(set) var facts: SessionFacts
    /// The edge's plan for connect, helo and auth: the one in force when the client came.
    private let sessionPlan: FilterPlan
    private let connectRuns: RunGroup
    /// Of the newest HELO or EHLO only, or each of them would count its findings once more.
    private var heloRuns: RunGroup
    /// Of the newest login.
    private var authRuns: RunGroup
    /// As `login` of the facts names it.
    private var account: Account?
    private var transaction: TransactionInspection?
    private var unknownRecipients = 0
    /// What the gateway itself is asked meanwhile.
    private var step: InFlightWait.Step?
    private var isClosed = false

    init(_ facts: SessionFacts, by inspector: Inspector, on loop: any SerialLoop) {
        self.facts = facts
        self.inspector = inspector
        self.loop = loop
        sessionPlan = inspector.currentPlan
        connectRuns = RunGroup(on: loop)
        heloRuns = RunGroup(on: loop)
        authRuns = RunGroup(on: loop)
    }

    /// For `judge`: told of the record instead of a reply.
    var whenConcluded: (@Sendable (InspectionRecord) -> Void)?
    /// All that has been found so far.
    var verdicts: [Verdict] { edgeVerdicts + (transaction?.verdicts ?? []) }

    var queueID: QueueID? { transaction?.queueID }
    var limits: Limits { (transaction?.plan ?? inspector.currentPlan).snapshot.limits }
    var hostname: String { (transaction?.plan ?? inspector.currentPlan).snapshot.hostname }

    // MARK: The edge

    func connect(then: @escaping @Sendable (Reply?) -> Void) {
        run(.connect, in: connectRuns) { [self] in then(refusal(at: .connect, [])) }
    }

    func helo(_ facts: SessionFacts, then: @escaping @Sendable (Reply?) -> Void) {
        self.facts = facts
        heloRuns.cancel(.sessionEnded)
        heloRuns = RunGroup(on: loop)
        connectRuns.join(before: .helo) { [self] in
            run(.helo, in: heloRuns) { [self] in then(refusal(at: .helo, [])) }
        }
    }

    /// What the session has brought so far, whichever transaction it is.
    private var edgeVerdicts: [Verdict] { connectRuns.verdicts + heloRuns.verdicts + authRuns.verdicts }

    private func joinEdge(before phase: Phase?, then: @escaping @Sendable () -> Void) {
        connectRuns.join(before: phase) { [self] in
            heloRuns.join(before: phase) { [self] in authRuns.join(before: phase, then: then) }
        }
    }

    private func run(_ phase: Phase, in group: RunGroup, then: @escaping @Sendable () -> Void) {
        let timeout = sessionPlan.snapshot.limits.edgeFilterTimeout
        group.run(sessionPlan.edge(for: facts.role), phase: phase) { [self, facts, loop] planned in
            var call = FilterCall(phase: phase, session: facts, slotName: planned.slot.name)
            call.earlier = EarlierFindings.of(edgeVerdicts, for: planned, concerning: .all)
            return (ActiveRun(planned, call, on: loop, timeout: planned.slot.timeout ?? timeout), .all)
        } then: {
            then()
        }
    }

    // MARK: The login

    func authenticate(_ facts: SessionFacts, _ credentials: Credentials, then: @escaping @Sendable (AuthenticationOutcome) -> Void) {
        self.facts = facts
        joinEdge(before: .auth) { [self] in
            step = .init(name: "password", phase: .auth, began: loop.uptime)
            inspector.authenticate(facts, credentials) { [self] result in
                loop.run { [self] in
                    step = nil
                    if isClosed { return }
                    switch result {
                    case .failure(let refusal): then(.refused(refusal.reply))
                    case .success(let account): admit(account, then)
                    }
                }
            }
        }
    }

    /// The password was right: the edge's filters have the last word.
    private func admit(_ account: Account, _ then: @escaping @Sendable (AuthenticationOutcome) -> Void) {
        facts.login = account.login
        authRuns.cancel(.sessionEnded)
        authRuns = RunGroup(on: loop)
        run(.auth, in: authRuns) { [self] in
            if let reply = refusal(at: .auth, []) {
                facts.login = nil
                return then(.refused(reply))
            }
            self.account = account
            inspector.logAuthenticated(facts)
            then(.accepted(login: account.login))
        }
    }

    // MARK: The transaction

    func mail(_ facts: SessionFacts, _ envelope: Envelope, then: @escaping @Sendable (Reply?) -> Void) {
        self.facts = facts
        let transaction = TransactionInspection(facts, envelope, by: inspector, on: loop)
        transaction.edge = { [weak self] in self?.edgeVerdicts ?? [] }
        self.transaction = transaction
        if facts.role == .outbound {
            switch OutboundRights.check(facts, account: sender, envelope.reversePath, transaction.plan.snapshot) {
            case .allowed(let policy): transaction.sender = policy
            case .refused(let reply, let reason):
                inspector.logRefused(
                    facts, at: .mail, queueID,
                    [("from", .text("\(envelope.reversePath)")), ("reason", .text(reason)), ("reply", .text("\(reply)"))])
                reset()
                return then(reply)
            }
        }
        joinEdge(before: .mail) { [self] in
            transaction.runMail { [self] in
                let reply = refusal(at: .mail, transaction.verdicts)
                if reply != nil { reset() }
                then(reply)
            }
        }
    }

    /// Who has logged in, here or at the trusted peer that told of it (XCLIENT): then the login's own domain counts.
    private var sender: Account? {
        guard let login = facts.login else { return nil }
        if let account, account.login == login { return account }
        return Account(login: login, policyDomain: EmailAddress(unchecked: login)?.domain ?? login)
    }

    func recipient(_ recipient: Recipient, then: @escaping @Sendable (Reply) -> Void) {
        guard let transaction else { return then(Reply(.badSequence, "MAIL first")) }
        joinEdge(before: .rcpt) { [self] in
            transaction.joinEdge { [self] in
                if let reply = refusal(at: .rcpt, transaction.verdicts, recipient) { return then(reply) }
                transaction.recipient(recipient) { [self] answer in
                    guard answer.isUnknown else { return then(answer.reply) }
                    unknownRecipients += 1
                    let isHarvest = inspector.countUnknown(facts, ofSession: unknownRecipients, limit: limits.unknownRecipients)
                    then(isHarvest ? Reply(.tooManyErrors, "Too many unknown recipients") : answer.reply)
                }
            }
        }
    }

    func message(_ region: Region, then: @escaping @Sendable ([Reply]) -> Void) {
        guard let transaction else { return then([Reply(.badSequence, "MAIL first")]) }
        joinEdge(before: nil) { [self] in
            transaction.message(region, edge: edgeVerdicts, concluded: whenConcluded) { [self] replies in
                self.transaction = nil
                then(replies)
            }
        }
    }

    func reset() {
        transaction?.end()
        transaction = nil
    }

    var waits: [InFlightWait] {
        let now = loop.uptime
        let ofEdge = [connectRuns, heloRuns, authRuns].flatMap { $0.waits(facts, nil, now: now) }
        return ofEdge + [InFlightWait(step, facts, nil, now: now)].compactMap { $0 } + (transaction?.waits ?? [])
    }

    func close() {
        isClosed = true
        inspector.active.leave(self)
        transaction?.end()
        connectRuns.cancel(.sessionEnded)
        heloRuns.cancel(.sessionEnded)
        authRuns.cancel(.sessionEnded)
        whenConcluded = nil
    }

    /// What the operator's own thresholds and the edge filters' proposals say of this client. The peer gets a code and generic words; the
    /// reason, with filters and symbols, goes to the log.
    private func refusal(at phase: Phase, _ transactionVerdicts: [Verdict], _ recipient: Recipient? = nil) -> Reply? {
        let verdicts = edgeVerdicts + transactionVerdicts
        if verdicts.isEmpty { return nil }
        let edge = sessionPlan.snapshot.edge(for: facts.role)
        let decision = DecisionRule(scores: edge.scores, thresholds: edge.thresholds)(recipient: nil, verdicts: verdicts)
        guard decision.disposition == .reject || decision.disposition == .defer else { return nil }
        let reply = EdgeReply.reply(decision, at: phase)
        inspector.logRefused(
            facts, at: phase, queueID,
            [
                ("disposition", .text(decision.disposition.rawValue)), ("score", .number(decision.score)),
                ("reason", .text(decision.reason)), ("symbols", .text(Inspector.symbols(decision))), ("reply", .text("\(reply)")),
            ])
        if reply.isPermanent {
            inspector.observe(
                OutcomeRecord(
                    .rejected, in: phase, at: inspector.clock.now, status: reply.status.enhanced, text: decision.reason,
                    score: decision.score, symbols: decision.countedSymbols),
                facts, transaction?.envelope(for: recipient), queueID: queueID)
        }
        return reply
    }
}
