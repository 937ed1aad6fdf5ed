/// What the workers of one plugin may have, and when they are given up: `workers:` of postern.yaml, `Core/Settings/README.md`.
public struct WorkerLimits: Hashable, Sendable {
    /// Bytes of memory of each: heap, stacks, private writable mappings.
    public var memory = 4 << 30
    /// Bytes of all temporary files of each together. Unless it is set, every thread may be unpacking at once as much as ClamAV looks at of a message
    /// (400 MB, `max_scan_size`), and some.
    public var temporaryBytes: Int {
        get { setTemporaryBytes ?? threads << 29 }
        set { setTemporaryBytes = newValue }
    }
    private var setTemporaryBytes: Int?
    /// Temporary files of each, folders among them.
    public static let temporaryFiles = 16_384
    /// Threads of each that take calls, for plugins of the class `blocking`.
    public var threads = 4
    /// One that does not answer a cancelled run for so long is ended.
    public var grace = Duration.seconds(5)
    /// One that has not loaded its plugin by then is ended.
    public var start = Duration.seconds(60)
    /// A nonblocking plugin that holds its worker up for so long.
    public var heartbeat = Duration.seconds(10)
    /// Runs whose worker died that are tried again at once, each in a worker of its own.
    public var retries = 4
    /// In the home `worker-per-domain`: so many at once, beside those in which runs are tried again.
    public var mostPerDomain = 16
    /// In the home `worker-per-domain`: one that nothing has been asked of for so long ends.
    public var idle = Duration.seconds(600)
    /// Whom they run as when the gateway is root.
    public var users = WorkerUsers()

    public init() {}
}

/// `workers:` of postern.yaml.
public struct WorkerPolicy: Hashable, Sendable {
    /// Of those that nothing else is said of.
    public var common = WorkerLimits()
    /// By plugin: `common` with what is said of it.
    public var plugins: [String: WorkerLimits] = [:]

    public init() {}

    public func limits(of plugin: String) -> WorkerLimits { plugins[plugin] ?? common }
}
