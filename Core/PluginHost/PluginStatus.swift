import Mail

/// A line of `postern plugin list`.
public struct PluginStatus: Sendable {
    public var id: String
    public var version: String
    public var vendor: String
    public var home: FilterManifest.Home
    public var libraryPath: String
    /// SHA-256 of the library of the newest generation; empty while it is not loaded.
    public var digest: String
    /// The newest; 0 while it is not loaded.
    public var generation: Int
    /// Generations whose instances are still held.
    public var generationsHeld: Int
    public var instances: Int
    public var running: Int
    public var calls: Int
    /// Calls beyond 200 microseconds.
    public var slowCalls: Int
    public var faults: Int
    /// Of the time per call.
    public var p50: Duration
    public var p99: Duration
    /// Processes of workers that serve.
    public var workers: [Int32]
    /// What holds them: a word or two each.
    public var cage: [String]
    /// What its workers may have; nil where it runs in the gateway alone.
    public var limits: WorkerLimits?
    /// The last rest that it was given; it may be over.
    public var rest: PluginRest?
}

/// A plugin that failed for several senders is not asked for a while: its runs end in errors.
public struct PluginRest: Hashable, Sendable {
    public var until: Timestamp
    /// For the operator.
    public var reason: String
}
