/// A loaded plugin, as `postern plugin list` shows it.
public struct PluginRecord: Codable, Hashable, Sendable {
    public var id: String
    public var version: String
    public var vendor: String
    public var summary: String
    /// Counts up each time that this plugin is loaded anew.
    public var generation: Int
    /// `host`, `worker` or `worker-per-domain`.
    public var home: String
    /// The file that it came from.
    public var path: String
    /// Settings that are alive: one instance each.
    public var instances: Int
    public var calls: Int
    /// Runs that ended in error, timeout or crash.
    public var faults: Int
    /// Microseconds from START to the verdict, waits included; absent before the first call.
    public var p50: Int?
    public var p99: Int?

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
        case id, version, vendor, summary, generation, home, path, instances, calls, faults
        case p50 = "p50_microseconds"
        case p99 = "p99_microseconds"
    }
}
