import Mail

/// Judges held copies again: mail that was accepted for others while a filter could say nothing about these.
public enum Reinspection {
    /// How long a held copy waits for its first and its longest time.
    static let firstWait = Duration.seconds(60)
    static let longestWait = Duration.seconds(3600)

    /// Runs the data filters of the recipients' domains, by the policy in force now, over the stored message.
    /// - Parameters:
    ///   - stored: with its body.
    ///   - then: called on `loop` with one change per held copy.
    public static func run(
        _ stored: StoredMessage, by inspector: Inspector, on loop: any SerialLoop, then: @escaping @Sendable ([RecipientChange]) -> Void
    ) {
        let plan = inspector.currentPlan
        // A copy whose domain is not configured now has no filters: it waits until it has.
        let held = stored.recipients.filter { $0.state == .held && plan.policy(of: $0.policyDomain, for: stored.role) != nil }
        guard let region = stored.region, !held.isEmpty, case (var session, let edge)? = SessionRecord.read(stored.sessionJSON) else {
            return then([])
        }
        session.role = stored.role
        var envelope = Envelope(reversePath: stored.reversePath)
        envelope.is8BitMIME = stored.is8BitMIME
        envelope.isSMTPUTF8 = stored.isSMTPUTF8
        envelope.dsn = stored.dsn
        envelope.recipients = held.map { copy in
            // A redirected copy is judged as the mailbox's own.
            var recipient = Recipient(address: copy.redirectedFrom ?? copy.address, policyDomain: copy.policyDomain)
            recipient.notify = copy.notify
            recipient.originalRecipient = copy.originalRecipient
            return recipient
        }
        var message = ReceivedMessage(
            queueID: stored.queueID, session: session, envelope: envelope, region: region, receivedAt: stored.receivedAt)
        message.digest = inspector.journal.digest(of: region.bytes)

        let inspection = MessageInspection(message, plan: plan, earlier: edge, by: inspector, on: loop)
        let conclude: @Sendable ([Verdict], [Decision]) -> Void = { verdicts, decisions in
            let record = inspection.record(verdicts, decisions)
            inspector.conclude(record, kind: "reinspected")
            let now = inspector.clock.now
            let changes = zip(held, decisions).map { change($0, $1, stored, plan: plan, now: now) }
            inspector.observe(record, changes.map(\.state))
            then(changes)
        }
        if let reason = inspection.objection { return conclude(edge, held.map { _ in MessageInspection.unseen(reason) }) }
        inspector.active.enter(inspection)
        inspection.inspect { result in
            inspector.active.leave(inspection)
            switch result {
            case .success(let verdicts): conclude(verdicts, inspection.decide(verdicts))
            case .failure(let failure): conclude(edge, held.map { _ in MessageInspection.notNow(failure.text) })
            }
        }
    }

    private static func change(
        _ copy: StoredRecipient, _ decision: Decision, _ stored: StoredMessage, plan: FilterPlan, now: Timestamp
    ) -> RecipientChange {
        var state: RecipientState
        var next = now
        var reason = decision.reason
        var refusal: Reply?
        switch decision.disposition {
        case .accept, .tag: state = .queued
        case .quarantine: state = .quarantined
        // Who can be told is told, as of any other failure.
        case .reject where stored.isSenderAuthenticated && stored.reversePath != .null:
            state = .bounced
            reason = "rejected after it was held: \(reason)"
            refusal = decision.reply ?? Reply(.refused, "Message refused")
        case .reject:
            let discards = plan.snapshot.domains[copy.policyDomain]?.discardsRejectedCopies ?? false
            state = discards ? .discarded : .quarantined
            reason = "rejected after it was held: \(reason)"
        case .discard: state = .discarded
        case .defer:
            // As long as the queue's lifetime; after that a person looks at it.
            let isOver = now - stored.receivedAt > plan.snapshot.queue.lifetime
            state = isOver ? .quarantined : .held
            if isOver { reason = "could not be judged: \(reason)" }
            var wait = firstWait
            for _ in 0..<min(copy.attempts, 10) where wait < longestWait { wait = wait * 2 }
            next = now + min(wait, longestWait)
        }
        let received = copy.addedHeaders.prefixOfReceived + (copy.redirectedFrom.map(TraceHeaders.deliveredTo) ?? "")
        var change = RecipientChange(
            queueID: stored.queueID, index: copy.index, state: state, attempts: state == .held ? copy.attempts + 1 : 0, nextAttempt: next,
            reason: reason, addedHeaders: received + TraceHeaders.explanation(decision, stored.queueID))
        change.refusal = refusal
        return change
    }
}

extension String {
    /// The Received field with which the added headers begin: all up to the first line that is not its continuation.
    fileprivate var prefixOfReceived: String {
        var end = startIndex
        for line in split(separator: "\r\n", omittingEmptySubsequences: true) {
            if line.startIndex != startIndex, line.first != "\t" { break }
            end = line.endIndex
        }
        return end == startIndex ? "" : self[..<end] + "\r\n"
    }
}
