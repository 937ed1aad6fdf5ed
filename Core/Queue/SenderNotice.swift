import DSN
import Mail

/// A DSN on its way into the queue, with what is written down of it. Pure.
struct SenderNotice: Sendable {
    /// To be committed together with the changes that it tells of.
    let message: StoredMessage
    let action: NotifiedAction
    /// In the history of the message that it is about, and in its own.
    let receipts: [Receipt]
    let event: MailEvent

    /// nil: there is nobody to tell, or nothing. `recipients`: at most those of one DSN.
    init?(
        about: StoredMessage, _ recipients: [NotifiedRecipient], policy: PolicySnapshot, id: QueueID, now: Timestamp, redirect: Redirect
    ) {
        guard let sender = NotifyRule(about).sender, !recipients.isEmpty else { return nil }
        let notification = StatusNotification(about: about, to: sender, recipients, hostname: policy.hostname)
        let composed = notification.composed(as: id, at: now)
        action = notification.action
        // A sender of a domain of ours gets it from that domain's own servers, or where its mailbox redirects to; should the domain be gone,
        // from those of its MX.
        let owner = policy.policy(of: sender.domain)
        var copy = StoredRecipient(
            index: 0, address: sender, policyDomain: owner?.domain ?? about.recipients.first?.policyDomain ?? sender.domain, state: .queued,
            addedHeaders: "", nextAttempt: now)
        copy.notify = .never
        if owner == nil { copy.reversePath = .null }
        var message = StoredMessage(
            queueID: id, receivedAt: now, reversePath: .null, is8BitMIME: composed.is8BitMIME, isSMTPUTF8: composed.isSMTPUTF8,
            sessionJSON: "{}", region: composed.region, size: composed.region.count,
            recipients: owner == nil ? [copy] : redirect(copy, policy))
        message.dsn.returned = .headers
        self.message = message

        let named = recipients.map(\.address.description)
        receipts = [
            Receipt(queueID: about.queueID, time: now, kind: "dsn", json: Self.json("sent_as", id, action, sender, named)),
            Receipt(queueID: id, time: now, kind: "dsn", json: Self.json("about", about.queueID, action, sender, named)),
        ]
        event = MailEvent(
            "dsn", queueID: id,
            [
                ("about", .text("\(about.queueID)")), ("action", .text(action.rawValue)), ("to", .text("\(sender)")),
                ("recipients", .integer(recipients.count)), ("size", .integer(composed.region.count)),
            ])
    }

    private static func json(_ key: String, _ id: QueueID, _ action: NotifiedAction, _ sender: EmailAddress, _ named: [String]) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.field(key, id.description)
        json.field("action", action.rawValue)
        json.field("to", sender.description)
        json.key("recipients")
        json.beginArray()
        for name in named { json.string(name) }
        json.endArray()
        json.endObject()
        return json.text
    }
}
