import DSN
import Mail

/// How senders are told: a DSN is made before the changes that it tells of are recorded, and committed with them.
extension DeliveryQueue {
    /// `then` comes on the loop, with nil where nobody is told. `message`: with its body where that is in memory; else it is read, and without
    /// it the DSN goes without the message's header.
    func notice(about message: StoredMessage, _ recipients: [NotifiedRecipient], then: @escaping @Sendable (SenderNotice?) -> Void) {
        if recipients.isEmpty { return then(nil) }
        if message.region != nil { return then(makeNotice(message, recipients)) }
        store.body(of: message.queueID) { [self] result in
            loop.execute { [self] in
                var whole = message
                whole.region = try? result.get()
                then(makeNotice(whole, recipients))
            }
        }
    }

    private func makeNotice(_ message: StoredMessage, _ recipients: [NotifiedRecipient]) -> SenderNotice? {
        SenderNotice(about: message, recipients, policy: policy.current, id: makeID(loop.now), now: loop.now)
    }

    /// It is durable: written down, and queued like any message.
    func committed(_ notice: SenderNotice) {
        notice.receipts.forEach(store.append)
        log.write(notice.event)
        metrics.told(notice.action)
        enqueue(notice.message)
    }

    /// What becomes of copies that no filter could judge within the lifetime: told to a sender that may be, else kept for a person.
    static func unjudged(
        _ message: StoredMessage, _ held: [StoredRecipient], after lifetime: Duration, now: Timestamp
    ) -> (changes: [RecipientChange], told: [NotifiedRecipient]) {
        let rule = NotifyRule(message)
        let reason = "no verdict within \(lifetime.components.seconds) s; last: "
        var changes = held.map { copy in
            RecipientChange(
                queueID: message.queueID, index: copy.index, state: rule.sender == nil ? .quarantined : .expired, attempts: copy.attempts,
                nextAttempt: now, reason: (rule.sender == nil ? "undeliverable: " : "") + reason + copy.reason)
        }
        for at in changes.indices { changes[at].from = .held }
        let outcome = DeliveryOutcome.deferred(DeliveryFailure(detail: "4.4.7 the message could not be checked in time"))
        let told = held.filter { rule.tells(.failure, of: $0) }.map {
            NotifiedRecipient($0, .failed, outcome, isExpired: true, nextHop: "none")
        }
        return (changes, told)
    }
}
