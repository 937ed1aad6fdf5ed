import Mail

/// What one finished job means: changes for the store, a receipt for people, lines for the mail log. Pure.
struct AttemptRecord {
    enum Word: String, CaseIterable { case delivered, deferred, bounced, expired }

    private(set) var changes: [RecipientChange] = []
    private(set) var words: [Word] = []
    private(set) var events: [MailEvent] = []
    let receipt: Receipt

    /// `copies` and `report.outcomes` are in the same order. `nextAttempt`: for those that are deferred. `expires`: past `lifetime`, a
    /// deferral is the last one.
    init(
        _ message: StoredMessage, copies: ArraySlice<StoredRecipient>, report: DeliveryReport, readySince: Timestamp, startedAt: Timestamp,
        now: Timestamp, nextAttempt: Timestamp, lifetime: Duration, expires: Bool
    ) {
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
            case .bounced: (state, reason) = (.quarantined, "undeliverable: " + said)
            case .expired:
                (state, reason) = (.quarantined, "undeliverable: not delivered within \(lifetime.components.seconds) s; last: " + said)
            }
            let next = word == .deferred ? nextAttempt : now
            changes.append(
                RecipientChange(
                    queueID: message.queueID, index: copy.index, state: state, attempts: copy.attempts + 1, nextAttempt: next,
                    reason: reason))
            words.append(word)

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
