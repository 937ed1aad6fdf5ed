import Mail

/// The enhanced status code of an outcome (RFC 3463) and what the peer said, for a DSN. Pure.
struct StatusCode {
    /// `5.1.1`
    let status: String
    /// The peer's reply in one line; nil: it gave none.
    let reply: String?
    /// Our own words where there is no reply.
    let detail: String

    /// `isExpired`: a deferral that is the last one. Its own code is told then, as RFC 3463 section 3.5 (X.4.7) advises, where there is one.
    init(_ outcome: DeliveryOutcome, isExpired: Bool = false) {
        switch outcome {
        case .delivered(let reply):
            status = Self.code(reply, else: "2.0.0")
            self.reply = Self.line(reply)
            detail = ""
        case .bounced(let failure):
            status = failure.reply.map { Self.code($0, else: "5.0.0") } ?? Self.leading(failure.detail, "5") ?? "5.0.0"
            reply = failure.reply.map(Self.line)
            detail = failure.detail
        case .deferred(let failure):
            let unknown = failure.isNextHopsFault ? "4.4.1" : isExpired ? "4.4.7" : "4.0.0"
            status = failure.reply.map { Self.code($0, else: unknown) } ?? Self.leading(failure.detail, "4") ?? unknown
            reply = failure.reply.map(Self.line)
            detail = failure.detail
        }
    }

    private static func code(_ reply: Reply, else unknown: String) -> String {
        reply.status.enhanced.isEmpty ? unknown : reply.status.enhanced
    }

    private static func line(_ reply: Reply) -> String {
        ([String(reply.code), reply.status.enhanced] + reply.lines).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// `5.6.7 the message needs SMTPUTF8`: our own words may begin with a code.
    private static func leading(_ text: String, _ kind: Character) -> String? {
        guard let word = text.split(separator: " ", maxSplits: 1).first, word.first == kind else { return nil }
        let numbers = word.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy({ (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        return String(word)
    }
}
