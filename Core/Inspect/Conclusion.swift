import Mail

extension Inspector {
    /// Writes what an inspection came to: the receipt, a `filter` line per recipient, the metrics. One that is no first one (`kind`) has
    /// no client to answer: it has no `received` or `refused` line.
    func conclude(_ record: InspectionRecord, kind: String = "inspected") {
        let message = record.message
        store.append(Receipt(queueID: message.queueID, time: clock.now, kind: kind, json: record.json))
        for (recipient, decision) in zip(message.envelope.recipients, record.decisions) {
            metrics.decided(decision.disposition)
            log.write(
                MailEvent(
                    "filter", queueID: message.queueID, session: message.session.id,
                    [
                        ("client", .text("\(message.session.client)")), ("action", .text(decision.disposition.rawValue)),
                        ("from", .text("\(message.envelope.reversePath)")), ("to", .text("\(recipient.address)")),
                        ("reason", .text(decision.reason)), ("symbols", .text(Self.symbols(decision))),
                        ("message_id", .text(record.messageID)),
                        ("score", .number(decision.score)), ("size", .integer(message.region.count)),
                    ]))
        }
        for verdict in record.verdicts {
            metrics.ran(verdict)
            if verdict.isShadow { note(verdict, record) }
        }
        concluded?(record)
        if kind != "inspected" { return }
        observe(record, record.finalStates)
        let isAccepted = record.reply.isPositive
        if isAccepted { metrics.accepted(bytes: message.region.count) } else { metrics.refused(at: .data) }
        log.write(
            MailEvent(
                isAccepted ? "received" : "refused", queueID: message.queueID, session: message.session.id,
                [
                    ("at", "data"), ("client", .text("\(message.session.client)")), ("helo", .text(message.session.helo ?? "")),
                    ("from", .text("\(message.envelope.reversePath)")), ("recipients", .integer(message.envelope.recipients.count)),
                    ("size", .integer(message.region.count)), ("generation", .integer(record.plan.snapshot.generation)),
                    ("inspection", .duration(record.elapsed)), ("reply", .text("\(record.reply)")),
                ] + (record.failure.isEmpty ? [] : [("failure", .text(record.failure))])))
    }

    /// What a filter came to that is only looked at; one that found nothing leaves no line.
    private func note(_ shadow: Verdict, _ record: InspectionRecord) {
        let found = shadow.shadowFindings
        if shadow.result == .cancelled || shadow.result == .done && found.isEmpty { return }
        log.write(
            MailEvent(
                "shadow", queueID: record.message.queueID, session: record.message.session.id,
                [
                    ("filter", .text(shadow.filter)), ("at", .text(shadow.phase.description)), ("result", .text(shadow.result.rawValue)),
                    ("found", .text(found.joined(separator: ","))), ("detail", .text(shadow.detail)),
                ]))
    }

    /// A line and a receipt for the copies that go on to somebody else.
    func noteRedirects(_ message: StoredMessage) {
        let sent = message.recipients.filter { $0.reversePath != nil }
        if sent.isEmpty { return }
        var json = JSONWriter()
        json.beginObject()
        json.key("copies")
        json.beginArray()
        for copy in sent {
            let mailbox = copy.redirectedFrom?.description ?? ""
            json.beginObject()
            json.field("mailbox", mailbox)
            json.field("to", copy.address.description)
            json.field("reverse_path", copy.reversePath!.description)
            json.endObject()
            log.write(
                MailEvent(
                    "redirected", queueID: message.queueID,
                    [("mailbox", .text(mailbox)), ("to", .text("\(copy.address)")), ("from", .text("\(copy.reversePath!)"))]))
        }
        json.endArray()
        json.endObject()
        store.append(Receipt(queueID: message.queueID, time: clock.now, kind: "redirected", json: json.text))
    }

    /// `RBL_ZEN(4),HELLO(0.5)`, at most thirty.
    static func symbols(_ decision: Decision) -> String {
        decision.contributions.prefix(30).map { "\($0.symbol)(\(scoreText($0.score)))" }.joined(separator: ",")
    }
}
