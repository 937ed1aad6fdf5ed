import Mail

/// What a client hears whom the edge refuses: the code that fits the phase, and words that tell nothing of lists, scores or filters.
enum EdgeReply {
    static func reply(_ decision: Decision, at phase: Phase) -> Reply {
        let isReject = decision.disposition == .reject
        let status: ReplyStatus
        switch phase {
        // RFC 5321 section 3.1: 554 instead of the greeting.
        case .connect: status = isReject ? .relayDenied : ReplyStatus(421, 7, 1)
        // RFC 4954 section 6 has these codes only.
        case .auth: status = isReject ? ReplyStatus(535, 7, 1) : ReplyStatus(454, 7, 1)
        default: status = decision.reply?.status ?? (isReject ? .refused : .notNow)
        }
        return Reply(status, status.code >= 500 ? "Refused by policy" : "Not now, try again later")
    }
}
