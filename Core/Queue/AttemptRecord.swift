import DSN
import Mail

/// What one finished job means: changes for the store, a receipt for people, lines for the mail log, what the sender is told. Pure.
struct AttemptRecord {
    enum Word: String, CaseIterable {
        case delivered, deferred, bounced, expired

        /// nil: it is none yet.
        var outcome: OutcomeRecord.Kind? {
            switch self {
            case .delivered: .delivered
            case .deferred: nil
            case .bounced: .bounced
            case .expired: .expired
            }
        }
    }

    private(set) var changes: [RecipientChange] = []
    private(set) var words: [Word] = []
    private(set) var events: [MailEvent] = []
    /// Of whom the sender is told, and what.
    private(set) var notified: [NotifiedRecipient] = []
    let receipt: Receipt
    /// What became of those that are not deferred.
    private(set) var outcomes: [(copy: StoredRecipient, record: OutcomeRecord)] = []

    /// `copies` and `report.outcomes` are in the same order. `nextAttempt`: for those that are deferred. `expires`: past `lifetime`, a
    /// deferral is the last one. `isLate`: past `delayWarning`, its sender is told.
    init(
        _ message: StoredMessage, copies: ArraySlice<StoredRecipient>, report: DeliveryReport, readySince: Timestamp, startedAt: Timestamp,
        now: Timestamp, nextAttempt: Timestamp, lifetime: Duration, expires: Bool, isLate: Bool
    ) {
        let rule = NotifyRule(message)
        let before = max(.zero, readySince - message.receivedAt)
        let queue = max(.zero, startedAt - readySince)
        var json = JSONWriter()
        json.beginObject()
        json.field("domain", copies.first?.policyDomain ?? "")
        if message.role == .outbound { json.field("role", message.role.rawValue) }
        json.field("next_hop", report.nextHop)
        json.key("delays")
        json.beginObject()
        let parts = [("before", before), ("queue", queue), ("connect", report.connectTime), ("send", report.sendTime)]
        for (name, delay) in parts { json.field(name, Double(delay.microseconds) / 1e6) }
        json.endObject()
        let delays = parts.map { DelayText.text($0.1) }.joined(separator: "/")
        if let tls = report.tls {
            json.field("tls", tls.version)
            json.field("cipher", tls.cipher)
        }
        json.key("recipients")
        json.beginArray()
        for (offset, copy) in copies.enumerated() {
            let outcome =
                offset < report.outcomes.count ? report.outcomes[offset] : .deferred(DeliveryFailure(detail: "no outcome was reported"))
            let (word, said, code) = Self.read(outcome, expires: expires)
            let reason: String
            let state: RecipientState
            switch word {
            case .delivered: (state, reason) = (.delivered, said)
            case .deferred: (state, reason) = (.queued, said)
            case .bounced, .expired:
                let why = (word == .bounced ? "" : "not delivered within \(lifetime.components.seconds) s; last: ") + said
                // Whom nobody may tell of it keeps it: a person decides.
                if rule.sender == nil {
                    (state, reason) = (.quarantined, "undeliverable: " + why)
                } else {
                    (state, reason) = (word == .bounced ? .bounced : .expired, why)
                }
            }
            let next = word == .deferred ? nextAttempt : now
            var change = RecipientChange(
                queueID: message.queueID, index: copy.index, state: state, attempts: copy.attempts + 1, nextAttempt: next, reason: reason)
            if let action = Self.action(word, copy, report, rule, isLate: isLate) {
                change.tellsDelay = action == .delayed
                change.isTold = true
                notified.append(
                    NotifiedRecipient(
                        copy, action, outcome, isExpired: word == .expired, nextHop: report.nextHop,
                        retriesUntil: action == .delayed ? message.receivedAt + lifetime : nil))
            }
            changes.append(change)
            words.append(word)
            if let kind = word.outcome {
                let record = OutcomeRecord(
                    kind, at: now, status: code ?? "", text: said, nextHop: report.nextHop, attempts: copy.attempts + 1)
                outcomes.append((copy, record))
            }

            json.beginObject()
            json.field("index", copy.index)
            json.field("to", copy.address.description)
            json.field("outcome", word.rawValue)
            json.field("said", said)
            if let code { json.field("dsn", code) }
            json.field("attempt", copy.attempts + 1)
            if word == .deferred { json.field("next_attempt", next.microseconds) }
            json.endObject()

            var fields: [(StaticString, LogValue)] = [
                ("to", .text(copy.address.description)), ("relay", .text(report.nextHop)),
                ("delay", .duration(max(.zero, now - message.receivedAt))), ("delays", .text(delays)),
                ("attempt", .integer(copy.attempts + 1)),
            ]
            if let code { fields.append(("dsn", .text(code))) }
            if word == .deferred { fields.append(("next", .duration(next - now))) }
            if word == .expired { fields.append(("why", "expired")) }
            fields.append(("said", .text(said)))
            let name: StaticString =
                switch word {
                case .delivered: "delivered"
                case .deferred: "deferred"
                case .bounced, .expired: "bounced"
                }
            events.append(MailEvent(name, queueID: message.queueID, fields))
        }
        json.endArray()
        json.endObject()
        receipt = Receipt(queueID: message.queueID, time: now, kind: "attempt", json: json.text)
    }

    /// What the sender is told of this copy; nil: nothing.
    private static func action(
        _ word: Word, _ copy: StoredRecipient, _ report: DeliveryReport, _ rule: NotifyRule, isLate: Bool
    ) -> NotifiedAction? {
        switch word {
        case .delivered:
            // A server that knows DSNs tells of it itself.
            if report.passedDSN || !rule.tells(.success, of: copy) { return nil }
            return report.isLMTP ? .delivered : .relayed
        case .deferred: return isLate && !copy.isDelayTold && rule.tells(.delay, of: copy) ? .delayed : nil
        case .bounced, .expired: return rule.tells(.failure, of: copy) ? .failed : nil
        }
    }

    /// The word, what was said, the enhanced status code if there is one.
    private static func read(_ outcome: DeliveryOutcome, expires: Bool) -> (Word, String, String?) {
        switch outcome {
        case .delivered(let reply): (.delivered, reply.description, code(reply))
        case .deferred(let failure): (expires ? .expired : .deferred, text(failure), failure.reply.flatMap(code))
        case .bounced(let failure): (.bounced, text(failure), failure.reply.flatMap(code))
        }
    }

    private static func code(_ reply: Reply) -> String? { reply.status.enhanced.isEmpty ? nil : reply.status.enhanced }

    private static func text(_ failure: DeliveryFailure) -> String {
        failure.description
    }
}
