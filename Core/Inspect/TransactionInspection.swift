import Decide
import Mail
import Metrics

/// One transaction, MAIL to end of data, pinned to the plan that was in force at its MAIL.
final class TransactionInspection: @unchecked Sendable {
    // Bound to `loop`.
    let plan: FilterPlan
    let queueID: QueueID
    private let inspector: Inspector
    private let loop: any SerialLoop
    private let facts: SessionFacts
    private var envelope: Envelope
    /// mail and rcpt runs.
    private let runs: RunGroup
    private var message: MessageInspection?

    init(_ facts: SessionFacts, _ envelope: Envelope, by inspector: Inspector, on loop: any SerialLoop) {
        self.facts = facts
        self.envelope = envelope
        self.inspector = inspector
        self.loop = loop
        plan = inspector.currentPlan
        queueID = inspector.ids.next(at: inspector.clock.now)
        runs = RunGroup(on: loop)
    }

    var verdicts: [Verdict] { runs.verdicts }

    func runMail(then: @escaping @Sendable () -> Void) {
        let timeout = plan.snapshot.limits.edgeFilterTimeout
        runs.run(plan.edge, phase: .mail) { [facts, envelope, loop, queueID] planned in
            let call = FilterCall(phase: .mail, session: facts, envelope: envelope, queueID: queueID, slotName: planned.slot.name)
            return (ActiveRun(planned, call, on: loop, timeout: planned.slot.timeout ?? timeout), .all)
        } then: {
            then()
        }
    }

    func joinEdge(then: @escaping @Sendable () -> Void) { runs.join(before: .rcpt, then: then) }

    /// A configured recipient runs its domain's rcpt filters; what they propose for it counts at once, scores count with the message.
    func recipient(_ given: EmailAddress, edge: [Verdict], then: @escaping @Sendable (Reply) -> Void) {
        let address = given.domain.isEmpty ? postmaster(given) : given
        guard let policy = plan.snapshot.domains[address.domain] else {
            return refuse(address, Reply(.relayDenied, "Relay access denied"), "no domain of ours", then)
        }
        guard policy.recipients.accepts(address) else {
            return refuse(address, Reply(.unknownRecipient, "No such recipient"), "not in the domain's recipients", then)
        }
        guard envelope.recipients.count < plan.snapshot.limits.recipients else {
            return refuse(address, Reply(.tooManyRecipients, "Too many recipients"), "limit recipients", then)
        }
        let recipient = Recipient(address: address, policyDomain: policy.domain)
        // The same mailbox twice is one copy.
        if envelope.recipients.contains(where: { $0.address.key == address.key }) { return then(Reply(.recipientOK, "Recipient ok")) }

        let index = envelope.recipients.count
        var candidate = envelope
        candidate.recipients.append(recipient)
        let steps = policy.mailboxes[address.key]?.hasFilters == false ? [] : plan.domains[policy.domain] ?? []
        let timeout = plan.snapshot.limits.edgeFilterTimeout
        let call = FilterCall(
            phase: .rcpt, session: facts, envelope: candidate, recipients: RecipientSet([index]), domain: policy.domain, queueID: queueID,
            slotName: "")
        let own = RunGroup(on: loop)
        own.run(steps, phase: .rcpt) { [loop] planned in
            var named = call
            named.slotName = planned.slot.name
            return (ActiveRun(planned, named, on: loop, timeout: planned.slot.timeout ?? timeout), RecipientSet([index]))
        } then: { [self] in
            own.join(before: .data) { [self] in
                let decision = DecisionRule(scores: policy.scores, thresholds: Thresholds())(recipient: index, verdicts: own.verdicts)
                if decision.disposition == .reject || decision.disposition == .defer {
                    let reply = decision.reply ?? Reply(decision.disposition == .reject ? .refused : .notNow, "Recipient refused")
                    return refuse(address, reply, decision.reason, then)
                }
                envelope = candidate
                rcptVerdicts += own.verdicts
                then(Reply(.recipientOK, "Recipient ok"))
            }
        }
    }

    private var rcptVerdicts: [Verdict] = []

    /// RFC 5321 section 4.5.1: `<postmaster>` without a domain must be accepted; it goes to the postmaster of our own name's domain if it
    /// is configured, else of the first one.
    private func postmaster(_ given: EmailAddress) -> EmailAddress {
        let snapshot = plan.snapshot
        let domain = snapshot.domains[snapshot.hostname]?.domain ?? snapshot.domains.values.map(\.domain).min() ?? ""
        return EmailAddress(localPart: given.localPart, domain: domain)
    }

    private func refuse(_ address: EmailAddress, _ reply: Reply, _ reason: String, _ then: @Sendable (Reply) -> Void) {
        Counter(label: MetricName.refusals, dimensions: [("at", "rcpt")]).increment()
        inspector.log.write(
            MailEvent(
                "refused", queueID: queueID, session: facts.id,
                [
                    ("at", "rcpt"), ("client", .text("\(facts.client)")), ("from", .text("\(envelope.reversePath)")),
                    ("to", .text("\(address)")), ("reason", .text(reason)), ("reply", .text("\(reply)")),
                ]))
        then(reply)
    }

    func message(_ region: Region, edge: [Verdict], then: @escaping @Sendable (Reply) -> Void) {
        runs.join(before: nil) { [self] in
            let message = MessageInspection(
                ReceivedMessage(queueID: queueID, session: facts, envelope: envelope, region: region, receivedAt: inspector.clock.now),
                plan: plan, earlier: edge + runs.verdicts + rcptVerdicts, by: inspector, on: loop)
            self.message = message
            message.start(then: then)
        }
    }

    func end() {
        runs.cancel(.sessionEnded)
        message?.abandon()
    }
}
