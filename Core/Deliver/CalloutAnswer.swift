import Mail

/// What a reply to RCPT says about a mailbox.
enum CalloutAnswer {
    static func read(_ outcome: DeliveryOutcome) -> RecipientExistence {
        switch outcome {
        case .delivered: .exists
        case .deferred(let failure): .undetermined(failure.description)
        case .bounced(let failure):
            if let reply = failure.reply, isAboutTheMailbox(reply.status) {
                .unknown(reply.description)
            } else {
                .undetermined(failure.description)
            }
        }
    }

    /// Codes by which RFC 5321 section 4.2.3 refuses a mailbox, as far as the enhanced code (RFC 3463) agrees: x.1.x is about the address,
    /// x.2.1 a mailbox that is closed, x.4.1 what a large provider says of unknown ones. Others (a policy, a full mailbox, relaying) say
    /// nothing of whether it exists.
    private static func isAboutTheMailbox(_ status: ReplyStatus) -> Bool {
        guard [550, 551, 553].contains(status.code) else { return false }
        switch (status.subject, status.detail) {
        case (nil, _), (1, _), (2, 1), (4, 1): return true
        default: return false
        }
    }
}
