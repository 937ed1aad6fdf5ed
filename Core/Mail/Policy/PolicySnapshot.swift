/// All configuration in force at one moment, immutable. A transaction is pinned to the snapshot of its MAIL.
public final class PolicySnapshot: Sendable {
    /// Counts up with every reload that was taken; 1 at start. Receipts name it.
    public let generation: Int
    public let hostname: String
    public let limits: Limits
    public let queue: QueuePolicy
    /// The inbound listeners' filters for connect, helo, auth and mail.
    public let edge: [FilterStep]
    /// Weights at the edge and from which sum on it refuses by itself (only `defer` and `reject` mean something there).
    public let edgeScores: [String: Double]
    public let edgeThresholds: Thresholds
    /// The same for outbound listeners. Apart, because what says much of a stranger (DNS lists of dial-up networks) says nothing of a user.
    public let outboundEdge: EdgePolicy
    /// Every name and alias -> its policy; an internationalised one (`xn--`) also under its Unicode form (RFC 6531 section 3.2).
    public let domains: [String: DomainPolicy]
    /// Those whose clients may send without a login, by name.
    private let withNetworks: [DomainPolicy]
    /// Who gets mail for a bare `<postmaster>` (RFC 5321 section 4.5.1): the policy of our own name if it is configured, else the first
    /// domain's. nil without any domain.
    public let postmasterDomain: String?

    public init(
        generation: Int, hostname: String, limits: Limits = Limits(), queue: QueuePolicy = QueuePolicy(), edge: [FilterStep] = [],
        edgeScores: [String: Double] = [:], edgeThresholds: Thresholds = Thresholds(), outboundEdge: EdgePolicy = EdgePolicy(),
        domains: [DomainPolicy] = []
    ) {
        self.generation = generation
        self.hostname = hostname
        self.limits = limits
        self.queue = queue
        self.edge = edge
        self.edgeScores = edgeScores
        self.edgeThresholds = edgeThresholds
        self.outboundEdge = outboundEdge
        var byName: [String: DomainPolicy] = [:]
        for policy in domains {
            for name in [policy.domain] + policy.aliases {
                byName[name] = policy
                if let unicode = Punycode.unicodeName(of: name) { byName[unicode] = policy }
            }
        }
        self.domains = byName
        withNetworks = domains.filter { $0.outbound?.networks.isEmpty == false }.sorted { $0.domain < $1.domain }
        postmasterDomain = byName[hostname]?.domain ?? domains.map(\.domain).min()
    }

    public func edge(for role: ListenerRole) -> EdgePolicy {
        role == .outbound ? outboundEdge : EdgePolicy(filters: edge, scores: edgeScores, thresholds: edgeThresholds)
    }

    /// The policy of a domain in any spelling: its labels may be of either form, each for itself.
    public func policy(of domain: String) -> DomainPolicy? {
        if let policy = domains[domain] { return policy }
        guard domain.utf8.contains(where: { $0 >= 0x80 }), let unicode = Punycode.unicodeName(of: domain) else { return nil }
        return domains[unicode]
    }

    /// The domains for which a client may send without a login, by name.
    public func domains(sendingFrom client: IPAddress) -> [DomainPolicy] {
        withNetworks.filter { $0.outbound?.networks.contain(client) ?? false }
    }
}

/// Where the snapshot in force is asked for; any thread, cheap.
public protocol PolicySource: Sendable {
    var current: PolicySnapshot { get }
}
