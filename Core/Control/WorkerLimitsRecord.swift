/// What the workers of a plugin may have: `workers:` of postern.yaml.
public struct WorkerLimitsRecord: Codable, Hashable, Sendable {
    /// Bytes of each.
    public var memory: Int
    /// Bytes of one temporary file.
    public var temporary: Int
    public var threads: Int
    /// Milliseconds that a cancelled call may take, the start, and a call of a nonblocking plugin, before its worker is ended.
    public var grace: Int
    public var start: Int
    public var heartbeat: Int
    /// Runs that are tried again at once, each in a worker of its own.
    public var retries: Int
    /// In the home `worker-per-domain`: so many at once, and the milliseconds after which one ends that has nothing to do.
    public var mostPerDomain: Int
    public var idle: Int
    /// `60706-61183`: one of these each; a single number: all are this one. Behind a colon their group.
    public var user: String

    public init(
        memory: Int, temporary: Int, threads: Int, grace: Int, start: Int, heartbeat: Int, retries: Int, mostPerDomain: Int, idle: Int,
        user: String
    ) {
        self.memory = memory
        self.temporary = temporary
        self.threads = threads
        self.grace = grace
        self.start = start
        self.heartbeat = heartbeat
        self.retries = retries
        self.mostPerDomain = mostPerDomain
        self.idle = idle
        self.user = user
    }

    enum CodingKeys: String, CodingKey {
        case threads, retries, user
        case memory = "memory_bytes"
        case temporary = "temporary_bytes"
        case grace = "grace_milliseconds"
        case start = "start_milliseconds"
        case heartbeat = "heartbeat_milliseconds"
        case mostPerDomain = "most_per_domain"
        case idle = "idle_milliseconds"
    }
}
