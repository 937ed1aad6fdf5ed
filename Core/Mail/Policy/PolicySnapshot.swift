/// All configuration in force at one moment, immutable. A transaction is pinned to the snapshot of its MAIL.
public final class PolicySnapshot: Sendable {
    /// Counts up with every reload that was taken; 1 at start. Receipts name it.
    public let generation: Int
    public let hostname: String
    public let limits: Limits
    public let queue: QueuePolicy
    /// The listener's filters for connect, helo, auth and mail.
    public let edge: [FilterStep]
    /// Weights at the edge and from which sum on it refuses by itself (only `defer` and `reject` mean something there).
    public let edgeScores: [String: Double]
    public let edgeThresholds: Thresholds
    /// Every name and alias -> its policy.
    public let domains: [String: DomainPolicy]
    /// Who gets mail for a bare `<postmaster>` (RFC 5321 section 4.5.1): the policy of our own name if it is configured, else the first
    /// domain's. nil without any domain.
    public let postmasterDomain: String?

    public init(
        generation: Int, hostname: String, limits: Limits = Limits(), queue: QueuePolicy = QueuePolicy(), edge: [FilterStep] = [],
        edgeScores: [String: Double] = [:], edgeThresholds: Thresholds = Thresholds(), domains: [DomainPolicy] = []
    ) {
        self.generation = generation
        self.hostname = hostname
        self.limits = limits
        self.queue = queue
        self.edge = edge
        self.edgeScores = edgeScores
        self.edgeThresholds = edgeThresholds
        var byName: [String: DomainPolicy] = [:]
        for policy in domains { for name in [policy.domain] + policy.aliases { byName[name] = policy } }
        self.domains = byName
        postmasterDomain = byName[hostname]?.domain ?? domains.map(\.domain).min()
    }
}

/// Where the snapshot in force is asked for; any thread, cheap.
public protocol PolicySource: Sendable {
    var current: PolicySnapshot { get }
}
