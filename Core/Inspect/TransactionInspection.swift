import Decide
import Mail

/// One transaction, MAIL to end of data, pinned to the plan that was in force at its MAIL.
final class TransactionInspection: @unchecked Sendable {
    // Bound to `loop`.
    let plan: FilterPlan
    let queueID: QueueID
    private let inspector: Inspector
    private let loop: any SerialLoop
    private let facts: SessionFacts
    private var envelope: Envelope
    /// The edge's runs for mail.
    private let runs: RunGroup
    /// Of the recipient in question.
    private var recipientRuns: RunGroup?
    /// `EmailAddress.key` of every accepted recipient.
    private var mailboxes: Set<String> = []
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
    func recipient(_ given: Recipient, then: @escaping @Sendable (Reply) -> Void) {
        let address =
            given.address.domain.isEmpty
            ? EmailAddress(localPart: given.address.localPart, domain: plan.snapshot.postmasterDomain ?? "") : given.address
        guard let policy = plan.snapshot.domains[address.domain] else {
            return refuse(address, Reply(.relayDenied, "Relay access denied"), "no domain of ours", then)
        }
        guard policy.recipients.accepts(address) else {
            return refuse(address, Reply(.unknownRecipient, "No such recipient"), "not in the domain's recipients", then)
        }
        guard envelope.recipients.count < plan.snapshot.limits.recipients else {
            return refuse(address, Reply(.tooManyRecipients, "Too many recipients"), "limit recipients", then)
        }
        var recipient = given
        recipient.address = address
        recipient.policyDomain = policy.domain
        // The same mailbox twice is one copy.
        if mailboxes.contains(address.key) { return then(Reply(.recipientOK, "Recipient ok")) }

        let index = envelope.recipients.count
        // In place until it is refused: a copy per RCPT of all those before would add up.
        envelope.recipients.append(recipient)
        let steps = policy.mailboxes[address.key]?.hasFilters == false ? [] : plan.domains[policy.domain] ?? []
        let timeout = plan.snapshot.limits.edgeFilterTimeout
        let call = FilterCall(
            phase: .rcpt, session: facts, envelope: envelope, recipients: RecipientSet([index]), domain: policy.domain, queueID: queueID,
            slotName: "")
        let own = RunGroup(on: loop)
        recipientRuns = own
        own.run(steps, phase: .rcpt) { [loop] planned in
            var named = call
            named.slotName = planned.slot.name
            return (ActiveRun(planned, named, on: loop, timeout: planned.slot.timeout ?? timeout), RecipientSet([index]))
        } then: { [self] in
            own.join(before: .data) { [self] in
                recipientRuns = nil
                let decision = DecisionRule(scores: policy.scores, thresholds: Thresholds())(recipient: index, verdicts: own.verdicts)
                if decision.disposition == .reject || decision.disposition == .defer {
                    let reply = decision.reply ?? Reply(decision.disposition == .reject ? .refused : .notNow, "Recipient refused")
                    envelope.recipients.removeLast()
                    return refuse(address, reply, decision.reason, then)
                }
                mailboxes.insert(address.key)
                rcptVerdicts += own.verdicts
                then(Reply(.recipientOK, "Recipient ok"))
            }
        }
    }

    private var rcptVerdicts: [Verdict] = []

    private func refuse(_ address: EmailAddress, _ reply: Reply, _ reason: String, _ then: @Sendable (Reply) -> Void) {
        inspector.metrics.refused(at: .rcpt)
        inspector.log.write(
            MailEvent(
                "refused", queueID: queueID, session: facts.id,
                [
                    ("at", "rcpt"), ("client", .text("\(facts.client)")), ("from", .text("\(envelope.reversePath)")),
                    ("to", .text("\(address)")), ("reason", .text(reason)), ("reply", .text("\(reply)")),
                ]))
        then(reply)
    }

    func message(
        _ region: Region, edge: [Verdict], concluded: (@Sendable (InspectionRecord) -> Void)?,
        then: @escaping @Sendable ([Reply]) -> Void
    ) {
        runs.join(before: nil) { [self] in
            let message = MessageInspection(
                ReceivedMessage(queueID: queueID, session: facts, envelope: envelope, region: region, receivedAt: inspector.clock.now),
                plan: plan, earlier: edge + runs.verdicts + rcptVerdicts, by: inspector, on: loop)
            self.message = message
            message.start { record in
                concluded?(record)
                then([record.reply])
            }
        }
    }

    func end() {
        runs.cancel(.sessionEnded)
        recipientRuns?.cancel(.sessionEnded)
        message?.abandon()
    }
}
