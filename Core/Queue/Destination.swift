import Mail

/// Where copies go together. Each has a line, a limit and a health of its own, so that none waits for another.
enum Destination: Hashable, Sendable {
    /// A configured domain's own servers: its `deliver_to`.
    case servers(String)
    /// The servers that a domain's `outbound` names for the mail that it sends.
    case relay(String)
    /// The MX hosts of a domain that is not ours; in lower case and A-labels, an address literal with its brackets. `sender`: the domain whose
    /// `outbound` sends so; nil for copies that a mailbox here has redirected.
    case mx(String, sender: String?)

    /// By the policy in force now: a reload may move a copy from one to another.
    init(of copy: StoredRecipient, role: ListenerRole, by policy: PolicySnapshot) {
        self.init(copy.policyDomain, copy.address.domain, isRedirected: copy.reversePath != nil, role, by: policy)
    }

    init(of copy: WaitingCopy, by policy: PolicySnapshot) {
        self.init(copy.policyDomain, copy.addressDomain, isRedirected: copy.isRedirected, copy.role, by: policy)
    }

    private init(
        _ policyDomain: String, _ addressDomain: String, isRedirected: Bool, _ role: ListenerRole, by policy: PolicySnapshot
    ) {
        guard isRedirected || role == .outbound else {
            self = .servers(policyDomain)
            return
        }
        // Without an `outbound`, or with servers in it, all of its mail goes the same way.
        if !isRedirected, policy.domains[policyDomain]?.outbound?.deliverTo.isEmpty != true {
            self = .relay(policyDomain)
            return
        }
        // A domain that is ours: its MX hosts would be ourselves.
        if let own = policy.policy(of: addressDomain) {
            self = .servers(own.domain)
        } else {
            let name = Punycode.asciiName(of: addressDomain) ?? addressDomain
            self = .mx(name, sender: isRedirected ? nil : policyDomain)
        }
    }

    /// What a job needs to get there, or why nothing does, for people.
    func route(by policy: PolicySnapshot) -> Result<Route, NoRoute> {
        switch self {
        case .servers(let domain):
            guard let policy = policy.domains[domain] else { return .failure(.isNotConfigured(domain)) }
            return .success(.nextHops(policy.deliverTo))
        case .relay(let domain):
            guard let policy = policy.domains[domain] else { return .failure(.isNotConfigured(domain)) }
            guard let outbound = policy.outbound, !outbound.deliverTo.isEmpty else { return .failure(.hasNoOutbound(domain)) }
            return .success(.nextHops(outbound.deliverTo))
        case .mx(let domain, let sender):
            return .success(.mx(domain, tls: sender.flatMap { policy.domains[$0]?.outbound?.mxTLS } ?? .opportunistic))
        }
    }

    enum NoRoute: Error, Equatable {
        case isNotConfigured(String), hasNoOutbound(String)

        var text: String {
            switch self {
            case .isNotConfigured(let domain): "domain \(domain) is not configured (any more): no next hop"
            case .hasNoOutbound(let domain): "domain \(domain) has no `outbound` (any more): no next hop"
            }
        }
    }

    /// An operator who names the domain means this destination too.
    func concerns(_ name: String) -> Bool {
        switch self {
        case .servers(let domain), .relay(let domain): domain == name
        case .mx(let domain, let sender): domain == name || sender == name
        }
    }
}

extension Destination: CustomStringConvertible {
    /// As lists, metrics and reasons name it.
    var description: String {
        switch self {
        case .servers(let domain): domain
        case .relay(let domain): "outbound of \(domain)"
        case .mx(let domain, nil): "mx \(domain)"
        case .mx(let domain, let sender?): "mx \(domain) for \(sender)"
        }
    }
}
