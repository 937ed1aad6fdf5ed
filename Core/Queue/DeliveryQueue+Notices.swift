import DSN
import Mail

/// How senders are told: a DSN is made before the changes that it tells of are recorded, and committed with them.
extension DeliveryQueue {
    /// Records changes of one message together with the DSN that tells of some of them: `recipients` are those with `isTold`, in order. Where
    /// an operator was faster with one, it is not told of.
    func record(
        _ changes: [RecipientChange], of message: StoredMessage, telling recipients: [NotifiedRecipient],
        then next: @escaping @Sendable () -> Void
    ) {
        notice(about: message, recipients) { [self] notice in
            var changes = changes
            if notice == nil { for at in changes.indices { changes[at].isTold = false } }
            record(
                changes, telling: notice,
                outdated: { [self, changes] in
                    store.message(message.queueID) { [self] result in
                        loop.execute { [self] in
                            guard case .success(let found) = result else { return recordLater(changes, message, recipients, next) }
                            let (left, told) = Self.upToDate(changes, recipients, found)
                            // As the store sees it nothing has changed: it is asked again in a moment.
                            if told.count == recipients.count { return recordLater(changes, message, recipients, next) }
                            record(left, of: message, telling: told, then: next)
                        }
                    }
                }, then: next)
        }
    }

    private func recordLater(
        _ changes: [RecipientChange], _ message: StoredMessage, _ recipients: [NotifiedRecipient], _ next: @escaping @Sendable () -> Void
    ) {
        if core.isStopping { return next() }
        _ = loop.schedule(after: .seconds(1)) { [self] in
            loop.run { [self] in record(changes, of: message, telling: recipients, then: next) }
        }
    }

    /// Without what is told of copies that are in another state by now.
    private static func upToDate(
        _ changes: [RecipientChange], _ recipients: [NotifiedRecipient], _ found: StoredMessage?
    ) -> ([RecipientChange], [NotifiedRecipient]) {
        var changes = changes
        var told: [NotifiedRecipient] = []
        for (at, recipient) in zip(changes.indices.filter { changes[$0].isTold }, recipients) {
            let state = found?.recipients.first { $0.index == changes[at].index }?.state
            if let state, !state.isFinal, changes[at].from ?? state == state {
                told.append(recipient)
            } else {
                changes[at].isTold = false
            }
        }
        return (changes, told)
    }

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
        for (at, copy) in held.enumerated() { changes[at].isTold = rule.tells(.failure, of: copy) }
        let outcome = DeliveryOutcome.deferred(DeliveryFailure(detail: "4.4.7 the message could not be checked in time"))
        let told = held.filter { rule.tells(.failure, of: $0) }.map {
            NotifiedRecipient($0, .failed, outcome, isExpired: true, nextHop: "none")
        }
        return (changes, told)
    }
}
