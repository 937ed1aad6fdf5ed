import Mail

/// One reply for many dispositions, and what is stored for whom. Pure (architecture: "mixed dispositions").
///
/// - nobody accepted: 4xx if any copy is deferred (the sender tries again, for all), else 5xx; discard counts as accepted.
/// - anybody accepted: 250; then a rejected copy goes to quarantine (or is discarded, by setting), since a bounce would be backscatter, and
///   a deferred one is held on disk and judged again.
struct MixedDispositions {
    struct Copy {
        var state: RecipientState?
        var reason: String
    }

    let reply: Reply?
    /// One per decision; a state of nil: nothing is stored for it.
    let copies: [Copy]

    init(_ decisions: [(decision: Decision, discardsRejectedCopies: Bool)]) {
        let dispositions = decisions.map(\.decision.disposition)
        let isAccepted = dispositions.contains { $0 != .reject && $0 != .defer }
        guard isAccepted else {
            let decisive = dispositions.contains(.defer) ? Disposition.defer : .reject
            reply =
                decisions.first { $0.decision.disposition == decisive }?.decision.reply
                ?? (decisive == .defer ? Reply(.notNow, "Try again later") : Reply(.refused, "Message refused"))
            copies = decisions.map { Copy(state: nil, reason: $0.decision.reason) }
            return
        }
        reply = nil
        copies = decisions.map { decision, discards in
            switch decision.disposition {
            case .accept, .tag: Copy(state: .queued, reason: "")
            case .quarantine: Copy(state: .quarantined, reason: decision.reason)
            case .discard: Copy(state: nil, reason: decision.reason)
            case .reject where discards: Copy(state: nil, reason: "rejected copy of a message accepted for others: " + decision.reason)
            case .reject: Copy(state: .quarantined, reason: "rejected copy of a message accepted for others: " + decision.reason)
            case .defer: Copy(state: .held, reason: decision.reason)
            }
        }
    }
}
