import Mail

/// What a client hears whom the edge refuses: the code that fits the phase, and words that tell nothing of lists, scores or filters.
enum EdgeReply {
    static let authenticationFailed = Reply(.authenticationFailed, "Authentication failed")
    static let authenticationUnavailable = Reply(.authenticationUnavailable, "Authentication is not possible now, try again later")

    static func reply(_ decision: Decision, at phase: Phase) -> Reply {
        let isReject = decision.disposition == .reject
        let status: ReplyStatus
        switch phase {
        // RFC 5321 section 3.1: 554 instead of the greeting.
        case .connect: status = isReject ? .relayDenied : ReplyStatus(421, 7, 1)
        // Word for word what a wrong password gets: whoever is refused must not learn that his was right.
        case .auth: return isReject ? authenticationFailed : authenticationUnavailable
        default: status = decision.reply?.status ?? (isReject ? .refused : .notNow)
        }
        return Reply(status, status.code >= 500 ? "Refused by policy" : "Not now, try again later")
    }
}
