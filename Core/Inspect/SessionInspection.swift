import Decide
import Mail

/// The inspector of one session: the edge's filters, the recipients, and the transaction under way.
final class SessionInspection: SessionInspector, @unchecked Sendable {
    // Bound to `loop`.
    private let inspector: Inspector
    private let loop: any SerialLoop
    private var facts: SessionFacts
    /// The edge's plan for connect and helo: the one in force when the client came.
    private let sessionPlan: FilterPlan
    private let connectRuns: RunGroup
    /// Of the newest HELO or EHLO only, or each of them would count its findings once more.
    private var heloRuns: RunGroup
    private var transaction: TransactionInspection?

    init(_ facts: SessionFacts, by inspector: Inspector, on loop: any SerialLoop) {
        self.facts = facts
        self.inspector = inspector
        self.loop = loop
        sessionPlan = inspector.currentPlan
        connectRuns = RunGroup(on: loop)
        heloRuns = RunGroup(on: loop)
    }

    /// For `judge`: told of the record instead of a reply.
    var whenConcluded: (@Sendable (InspectionRecord) -> Void)?
    /// All that has been found so far.
    var verdicts: [Verdict] { edgeVerdicts + (transaction?.verdicts ?? []) }

    var queueID: QueueID? { transaction?.queueID }
    var limits: Limits { (transaction?.plan ?? inspector.currentPlan).snapshot.limits }
    var hostname: String { (transaction?.plan ?? inspector.currentPlan).snapshot.hostname }

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
    private var edgeVerdicts: [Verdict] { connectRuns.verdicts + heloRuns.verdicts }

    private func joinEdge(before phase: Phase?, then: @escaping @Sendable () -> Void) {
        connectRuns.join(before: phase) { [self] in heloRuns.join(before: phase, then: then) }
    }

    private func run(_ phase: Phase, in group: RunGroup, then: @escaping @Sendable () -> Void) {
        let timeout = sessionPlan.snapshot.limits.edgeFilterTimeout
        group.run(sessionPlan.edge, phase: phase) { [facts, loop] planned in
            let call = FilterCall(phase: phase, session: facts, slotName: planned.slot.name)
            return (ActiveRun(planned, call, on: loop, timeout: planned.slot.timeout ?? timeout), .all)
        } then: {
            then()
        }
    }

    func authenticate(_ facts: SessionFacts, _ credentials: Credentials, then: @escaping @Sendable (AuthenticationOutcome) -> Void) {
        then(.refused(Reply(ReplyStatus(454, 7, 0), "Authentication is not available")))
    }

    func mail(_ facts: SessionFacts, _ envelope: Envelope, then: @escaping @Sendable (Reply?) -> Void) {
        self.facts = facts
        let transaction = TransactionInspection(facts, envelope, by: inspector, on: loop)
        self.transaction = transaction
        joinEdge(before: .mail) { [self] in
            transaction.runMail { [self] in
                let reply = refusal(at: .mail, transaction.verdicts)
                if reply != nil { reset() }
                then(reply)
            }
        }
    }

    func recipient(_ recipient: Recipient, then: @escaping @Sendable (Reply) -> Void) {
        guard let transaction else { return then(Reply(.badSequence, "MAIL first")) }
        joinEdge(before: .rcpt) { [self] in
            transaction.joinEdge { [self] in
                if let reply = refusal(at: .rcpt, transaction.verdicts) { return then(reply) }
                transaction.recipient(recipient, then: then)
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

    func close() {
        transaction?.end()
        connectRuns.cancel(.sessionEnded)
        heloRuns.cancel(.sessionEnded)
        whenConcluded = nil
    }

    /// What the operator's own thresholds and the edge filters' proposals say of this client; the peer gets generic words.
    private func refusal(at phase: Phase, _ transactionVerdicts: [Verdict]) -> Reply? {
        let verdicts = edgeVerdicts + transactionVerdicts
        if verdicts.isEmpty { return nil }
        let snapshot = sessionPlan.snapshot
        let decision = DecisionRule(scores: snapshot.edgeScores, thresholds: snapshot.edgeThresholds)(recipient: nil, verdicts: verdicts)
        guard decision.disposition == .reject || decision.disposition == .defer else { return nil }
        let isReject = decision.disposition == .reject
        let reply = decision.reply ?? (isReject ? Reply(.refused, "Refused") : Reply(.notNow, "Try again later"))
        inspector.metrics.refused(at: phase)
        inspector.log.write(
            MailEvent(
                "refused", queueID: queueID, session: facts.id,
                [
                    ("at", .text("\(phase)")), ("client", .text("\(facts.client)")), ("helo", .text(facts.helo ?? "")),
                    ("disposition", .text(decision.disposition.rawValue)), ("score", .number(decision.score)),
                    ("reason", .text(decision.reason)), ("symbols", .text(Inspector.symbols(decision))), ("reply", .text("\(reply)")),
                ]))
        if phase == .connect {
            // RFC 5321 section 3.1: 554 instead of the greeting.
            return isReject ? Reply(.relayDenied, lines: reply.lines) : Reply(ReplyStatus(421, 7, 1), lines: reply.lines)
        }
        return reply
    }
}
