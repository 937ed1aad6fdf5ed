import Mail

/// One reply per recipient (RFC 2033 section 4.2), and what is stored for whom. Pure.
///
/// The sender is told of each copy, so that none of `MixedDispositions`' compromises is needed: what is refused is not kept as well.
struct LMTPDispositions {
    /// One per decision; nil: positive once the message is stored.
    let replies: [Reply?]
    let copies: [MixedDispositions.Copy]

    init(_ decisions: [Decision]) {
        replies = decisions.map { decision in
            switch decision.disposition {
            case .reject: decision.reply ?? Reply(.refused, "Message refused")
            case .defer: decision.reply ?? Reply(.notNow, "Try again later")
            case .accept, .tag, .quarantine, .discard: nil
            }
        }
        copies = decisions.map { decision in
            switch decision.disposition {
            case .accept, .tag: MixedDispositions.Copy(state: .queued, reason: "")
            case .quarantine: MixedDispositions.Copy(state: .quarantined, reason: decision.reason)
            case .discard, .reject, .defer: MixedDispositions.Copy(state: nil, reason: decision.reason)
            }
        }
    }
}
