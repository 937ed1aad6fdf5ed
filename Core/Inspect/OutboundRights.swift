import Mail

/// For which domain a session of an outbound listener sends, and whether the reverse-path is one of that domain. Pure.
enum OutboundRights {
    enum Answer {
        case allowed(DomainPolicy)
        /// `reason` is for the log.
        case refused(Reply, reason: String)
    }

    /// A login counts before the network. Where a network belongs to several domains, the reverse-path chooses among them; with a null one
    /// it is the first by name.
    static func check(_ facts: SessionFacts, account: Account?, _ path: ReversePath, _ snapshot: PolicySnapshot) -> Answer {
        let candidates: [DomainPolicy]
        if let account {
            guard let policy = snapshot.policy(of: account.policyDomain), policy.outbound != nil else {
                return .refused(Reply(.refused, "Sending is not allowed"), reason: "\(account.policyDomain) has no `outbound` (any more)")
            }
            candidates = [policy]
        } else {
            candidates = snapshot.domains(sendingFrom: facts.client)
            if candidates.isEmpty {
                return .refused(
                    Reply(.authenticationRequired, "Authentication required"), reason: "no login, and no domain's `outbound.networks`")
            }
        }
        guard case .address(let address) = path else { return .allowed(candidates[0]) }
        guard let policy = snapshot.policy(of: address.domain), candidates.contains(where: { $0.domain == policy.domain }) else {
            let names = candidates.prefix(5).map(\.domain).joined(separator: ", ")
            return .refused(
                Reply(ReplyStatus(553, 7, 1), "Sender address not allowed"), reason: "the reverse-path is not of \(names)")
        }
        return .allowed(policy)
    }
}
