import Decide
import Mail

/// One transaction, MAIL to end of data, pinned to the plan that was in force at its MAIL.
final class TransactionInspection: @unchecked Sendable {
    // Bound to `loop`.
    let plan: FilterPlan
    let queueID: QueueID
    /// Outbound: for which domain it sends; set before its first recipient.
    var sender: DomainPolicy?
    /// What the session has brought so far.
    var edge: () -> [Verdict] = { [] }
    private let inspector: Inspector
    private let loop: any SerialLoop
    private let facts: SessionFacts
    private var envelope: Envelope
    /// The edge's runs for mail.
    private let runs: RunGroup
    /// Of the recipient in question.
    private var recipientRuns: RunGroup?
    private var rcptVerdicts: [Verdict] = []
    /// `EmailAddress.key` of every accepted recipient -> its index.
    private var mailboxes: [String: Int] = [:]
    /// The index of each accepted RCPT, in order: the same mailbox twice is one copy and two of them.
    private var accepted: [Int] = []
    private var message: MessageInspection?
    private var hasEnded = false
    /// What the gateway itself asks meanwhile.
    private var step: InFlightWait.Step?

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
        runs.run(plan.edge(for: facts.role), phase: .mail) { [self, facts, envelope, loop, queueID] planned in
            var call = FilterCall(phase: .mail, session: facts, envelope: envelope, queueID: queueID, slotName: planned.slot.name)
            call.earlier = EarlierFindings.of(edge() + runs.verdicts, for: planned, concerning: .all)
            return (ActiveRun(planned, call, on: loop, timeout: planned.slot.timeout ?? timeout), .all)
        } then: {
            then()
        }
    }

    func joinEdge(then: @escaping @Sendable () -> Void) { runs.join(before: .rcpt, then: then) }

    /// With this recipient alone.
    func envelope(for recipient: Recipient?) -> Envelope {
        var own = envelope
        own.recipients = recipient.map { [$0] } ?? []
        return own
    }

    // MARK: Recipients

    /// Inbound, the recipient's domain must be ours and have it; outbound, anybody in the world is taken, on the sender's domain's account, but
    /// a domain of ours to whose servers the copy goes straight must have it there too.
    /// Then the domain's rcpt filters run: what they propose for it counts at once, scores count with the message.
    func recipient(_ given: Recipient, then: @escaping @Sendable (RecipientAnswer) -> Void) {
        var recipient = given
        if given.address.domain.isEmpty {
            recipient.address = EmailAddress(localPart: given.address.localPart, domain: plan.snapshot.postmasterDomain ?? "")
        }
        let address = recipient.address
        guard let policy = sender ?? plan.snapshot.policy(of: address.domain) else {
            return refuse(address, Reply(.relayDenied, "Relay access denied"), "no domain of ours", then)
        }
        recipient.policyDomain = policy.domain
        if let index = mailboxes[address.key] {
            accepted.append(index)
            return then(.ok)
        }
        guard envelope.recipients.count < plan.snapshot.limits.recipients else {
            return refuse(address, Reply(.tooManyRecipients, "Too many recipients"), "limit recipients", then)
        }
        let onlyOne = Reply(.tooManyRecipients, "A bounce has one recipient")
        if envelope.recipients.first?.standsFor != nil { return refuse(address, onlyOne, "a bounce to several", then) }
        guard let owner = sender.map({ plan.snapshot.owner(of: address, sentBy: $0) }) ?? policy else {
            return runRecipient(recipient, policy, then)
        }
        switch inspector.srs?.read(address, on: inspector.clock.now) ?? .other {
        case .genuine(let original):
            guard envelope.reversePath == .null else {
                return refuse(
                    address, Reply(.unknownRecipient, "This address takes bounces only"), "a rewritten reverse-path, but no bounce",
                    isUnknown: true, then)
            }
            guard envelope.recipients.isEmpty else { return refuse(address, onlyOne, "a bounce to several", then) }
            recipient.standsFor = original
            return runRecipient(recipient, policy, then)
        // Where nothing is redirected, the domain's own servers may do the same.
        case .refused(let why) where owner.hasRedirects:
            return refuse(address, Reply(.unknownRecipient, "No such recipient"), "rewritten reverse-path: \(why)", isUnknown: true, then)
        case .refused, .other: break
        }
        step = .init(name: "callout for \(address)", phase: .rcpt, began: loop.uptime)
        inspector.find(address, owner) { [self, recipient] existence in
            loop.run { [self] in
                step = nil
                if hasEnded { return }
                switch existence {
                case .known: runRecipient(recipient, policy, then)
                case .unknown(let why):
                    // Our own senders may be wrong: that is no search for addresses.
                    refuse(address, Reply(.unknownRecipient, "No such recipient"), why, isUnknown: sender == nil, then)
                case .undetermined(let why):
                    refuse(address, Reply(ReplyStatus(451, 4, 1), "The recipient cannot be verified now, try again later"), why, then)
                }
            }
        }
    }

    private func runRecipient(_ recipient: Recipient, _ policy: DomainPolicy, _ then: @escaping @Sendable (RecipientAnswer) -> Void) {
        let address = recipient.address
        let index = envelope.recipients.count
        // In place until it is refused: a copy per RCPT of all those before would add up.
        envelope.recipients.append(recipient)
        let steps = policy.hasFilters(for: address, role: facts.role) ? plan.steps(of: policy.domain, for: facts.role) : []
        let timeout = plan.snapshot.limits.edgeFilterTimeout
        let call = FilterCall(
            phase: .rcpt, session: facts, envelope: envelope, recipients: RecipientSet([index]), domain: policy.domain, queueID: queueID,
            slotName: "")
        let own = RunGroup(on: loop)
        recipientRuns = own
        own.run(steps, phase: .rcpt) { [self, loop] planned in
            var named = call
            named.slotName = planned.slot.name
            named.earlier = EarlierFindings.of(
                edge() + runs.verdicts + own.verdicts, for: planned, concerning: call.recipients, scores: policy.scores(for: facts.role))
            return (ActiveRun(planned, named, on: loop, timeout: planned.slot.timeout ?? timeout), RecipientSet([index]))
        } then: { [self] in
            own.join(before: .data) { [self] in
                recipientRuns = nil
                let rule = DecisionRule(scores: policy.scores(for: facts.role), thresholds: Thresholds())
                let decision = rule(recipient: index, verdicts: own.verdicts)
                if decision.disposition == .reject || decision.disposition == .defer {
                    let reply = decision.reply ?? Reply(decision.disposition == .reject ? .refused : .notNow, "Recipient refused")
                    envelope.recipients.removeLast()
                    return refuse(address, reply, decision.reason, by: decision, then)
                }
                mailboxes[address.key] = index
                accepted.append(index)
                rcptVerdicts += own.verdicts
                then(.ok)
            }
        }
    }

    private func refuse(
        _ address: EmailAddress, _ reply: Reply, _ reason: String, isUnknown: Bool = false, by decision: Decision? = nil,
        _ then: @Sendable (RecipientAnswer) -> Void
    ) {
        if reply.isPermanent {
            let domain = sender?.domain ?? plan.snapshot.policy(of: address.domain)?.domain ?? ""
            inspector.observe(
                OutcomeRecord(
                    .rejected, in: .rcpt, at: inspector.clock.now, status: reply.status.enhanced, text: reason, score: decision?.score ?? 0,
                    symbols: decision?.countedSymbols ?? []),
                facts, self.envelope(for: Recipient(address: address, policyDomain: domain)), queueID: queueID)
        }
        inspector.metrics.refused(at: .rcpt)
        inspector.log.write(
            MailEvent(
                "refused", queueID: queueID, session: facts.id,
                [
                    ("at", "rcpt"), ("client", .text("\(facts.client)")), ("from", .text("\(envelope.reversePath)")),
                    ("to", .text("\(address)")), ("reason", .text(reason)), ("reply", .text("\(reply)")),
                ]))
        then(RecipientAnswer(reply: reply, isUnknown: isUnknown))
    }

    // MARK: The message

    func message(
        _ region: Region, edge: [Verdict], concluded: (@Sendable (InspectionRecord) -> Void)?,
        then: @escaping @Sendable ([Reply]) -> Void
    ) {
        runs.join(before: nil) { [self] in
            let message = MessageInspection(
                ReceivedMessage(queueID: queueID, session: facts, envelope: envelope, region: region, receivedAt: inspector.clock.now),
                plan: plan, earlier: edge + runs.verdicts + rcptVerdicts, by: inspector, on: loop)
            self.message = message
            message.start { [facts, accepted] record in
                concluded?(record)
                then(facts.isLMTP ? accepted.map { record.reply(to: $0) } : [record.reply])
            }
        }
    }

    var waits: [InFlightWait] {
        let now = loop.uptime
        let ofRuns = [runs, recipientRuns].compactMap { $0 }.flatMap { $0.waits(facts, queueID, now: now) }
        return ofRuns + [InFlightWait(step, facts, queueID, now: now)].compactMap { $0 } + (message?.waits ?? [])
    }

    func end() {
        hasEnded = true
        runs.cancel(.sessionEnded)
        recipientRuns?.cancel(.sessionEnded)
        message?.abandon()
    }
}
