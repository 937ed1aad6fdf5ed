import Mail

/// Verdicts + policy -> what becomes of one recipient's copy. A pure function: equal input, equal decision.
public struct DecisionRule: Sendable {
    /// Weights of symbols; a symbol that is not here has its manifest's default.
    public var scores: [String: Double]
    public var thresholds: Thresholds

    public init(scores: [String: Double], thresholds: Thresholds) {
        self.scores = scores
        self.thresholds = thresholds
    }

    /// Of a domain's own mail (`outbound`) or of mail for one of its mailboxes.
    public init(policy: DomainPolicy, recipient: EmailAddress, role: ListenerRole = .inbound) {
        self.init(scores: policy.scores(for: role), thresholds: policy.thresholds(for: recipient, role: role))
    }

    /// - Parameters:
    ///   - recipient: its index in the envelope; nil at the edge, where only what concerns everyone counts.
    ///   - verdicts: every verdict so far, in the order in which the filters stand.
    public func callAsFunction(recipient: Int?, verdicts: [Verdict]) -> Decision {
        func concerns(_ set: RecipientSet) -> Bool { recipient.map(set.contains) ?? (set == .all) }

        var merge = Merge()
        var score = 0.0
        var contributions: [Contribution] = []
        var headers: [AddedHeader] = []

        for verdict in verdicts where verdict.result != .cancelled && !verdict.isShadow && concerns(verdict.recipients) {
            for symbol in verdict.symbols where concerns(symbol.recipients) {
                let weight = (scores[symbol.name] ?? symbol.defaultScore) * symbol.factor
                // A filter's factor may be anything; a sum with an infinity in it would decide nothing.
                let added = weight.isFinite ? min(max(weight, -1000), 1000) : 0
                score += added
                contributions.append(
                    Contribution(symbol: symbol.name, score: added, filter: verdict.filter, detail: symbol.detail, part: symbol.part))
            }
            for proposal in verdict.proposals where concerns(proposal.recipients) {
                if case .addHeader(let name, let value) = proposal.action {
                    headers.append(AddedHeader(name: name, value: value))
                } else {
                    merge.add(proposal.action, by: verdict.filter)
                }
            }
            if let failure = verdict.onFailure { merge.add(failure, of: verdict) }
        }
        merge.add(score: score, thresholds: thresholds)
        return Decision(
            disposition: merge.disposition, score: score, thresholds: thresholds, contributions: contributions, reason: merge.reason,
            reply: merge.reply, headers: headers)
    }
}
