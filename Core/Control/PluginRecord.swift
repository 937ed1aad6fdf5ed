/// A loaded plugin, as `postern plugin list` shows it.
public struct PluginRecord: Codable, Hashable, Sendable {
    public var id: String
    public var version: String
    public var vendor: String
    public var summary: String
    /// Counts up each time that this plugin is loaded anew.
    public var generation: Int
    /// Generations that are still at work: 1, and more while mail that began with an older one goes on.
    public var generationsHeld = 1
    /// `host`, `worker` or `worker-per-domain`.
    public var home: String
    /// The file that it came from.
    public var path: String
    /// Settings that are alive: one instance each.
    public var instances: Int
    /// Runs under way.
    public var running = 0
    public var calls: Int
    /// Calls that held an event loop for more than 200 microseconds.
    public var slowCalls = 0
    /// Runs that ended in error, timeout or crash.
    public var faults: Int
    /// Microseconds from START to the verdict, waits included; absent before the first call.
    public var p50: Int?
    public var p99: Int?
    /// Processes of workers that serve.
    public var workers: [Int32] = []
    /// What holds those processes: a word or two each.
    public var cage: [String] = []
    /// What its workers may have; absent where it runs in the gateway alone.
    public var limits: WorkerLimitsRecord?
    /// Until when it is not asked since it failed for several senders (RFC 3339), and why; absent while it is.
    public var restsUntil: String?
    public var restReason: String?

    public init(
        id: String, version: String, vendor: String, summary: String, generation: Int, home: String, path: String, instances: Int,
        calls: Int, faults: Int, p50: Int? = nil, p99: Int? = nil
    ) {
        self.id = id
        self.version = version
        self.vendor = vendor
        self.summary = summary
        self.generation = generation
        self.home = home
        self.path = path
        self.instances = instances
        self.calls = calls
        self.faults = faults
        self.p50 = p50
        self.p99 = p99
    }

    enum CodingKeys: String, CodingKey {
        case id, version, vendor, summary, generation, home, path, instances, running, calls, faults, workers, cage, limits
        case generationsHeld = "generations_held"
        case slowCalls = "slow_calls"
        case restsUntil = "rests_until"
        case restReason = "rest_reason"
        case p50 = "p50_microseconds"
        case p99 = "p99_microseconds"
    }
}
