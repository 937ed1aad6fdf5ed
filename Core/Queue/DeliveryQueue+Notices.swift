import DSN
import Mail

/// How senders are told: a DSN is made before the changes that it tells of are recorded, and committed with them.
extension DeliveryQueue {
    /// Records changes of one message together with the DSNs that tell of some of them: `recipients` are those with `isTold`, in order. Where
    /// an operator was faster with one, it is not told of.
    func record(
        _ changes: [RecipientChange], of message: StoredMessage, telling recipients: [NotifiedRecipient],
        then next: @escaping @Sendable () -> Void
    ) {
        notices(about: message, recipients) { [self] notices in
            var changes = changes
            if notices.isEmpty { for at in changes.indices { changes[at].isTold = false } }
            record(
                changes, telling: notices,
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

    /// `then` comes on the loop, with none where nobody is told. `message`: with its body where that is in memory; else it is read, and
    /// without it the DSNs go without the message's header.
    private func notices(
        about message: StoredMessage, _ recipients: [NotifiedRecipient], then: @escaping @Sendable ([SenderNotice]) -> Void
    ) {
        if recipients.isEmpty { return then([]) }
        if message.region != nil { return then(makeNotices(message, recipients)) }
        store.body(of: message.queueID) { [self] result in
            loop.execute { [self] in
                var whole = message
                whole.region = try? result.get()
                then(makeNotices(whole, recipients))
            }
        }
    }

    /// As many as tell of all: each has a bounded number of recipients.
    private func makeNotices(_ message: StoredMessage, _ recipients: [NotifiedRecipient]) -> [SenderNotice] {
        let most = StatusNotification.mostRecipients
        return stride(from: 0, to: recipients.count, by: most).compactMap { start in
            SenderNotice(
                about: message, Array(recipients[start..<min(start + most, recipients.count)]), policy: policy.current,
                id: makeID(loop.now),
                now: loop.now, redirect: redirect)
        }
    }

    /// It is durable: written down, and queued like any message.
    func committed(_ notice: SenderNotice) {
        notice.receipts.forEach(store.append)
        log.write(notice.event)
        metrics.told(notice.action)
        enqueue(notice.message)
    }

    /// What is told of copies that another inspection has refused, marked so; each has its line in the log, like any other that bounces.
    func refused(_ message: StoredMessage, _ changes: inout [RecipientChange]) -> [NotifiedRecipient] {
        let rule = NotifyRule(message)
        var told: [NotifiedRecipient] = []
        for at in changes.indices {
            guard changes[at].state == .bounced, let reply = changes[at].refusal,
                let copy = message.recipients.first(where: { $0.index == changes[at].index })
            else { continue }
            log.write(
                MailEvent(
                    "bounced", queueID: message.queueID,
                    [
                        ("to", .text(copy.address.description)), ("relay", "none"), ("dsn", .text(reply.status.enhanced)),
                        ("said", .text(changes[at].reason)),
                    ]))
            guard rule.tells(.failure, of: copy) else { continue }
            changes[at].isTold = true
            let outcome = DeliveryOutcome.bounced(DeliveryFailure(reply: reply, detail: ""))
            told.append(NotifiedRecipient(copy, .failed, outcome, nextHop: "none"))
        }
        return told
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
