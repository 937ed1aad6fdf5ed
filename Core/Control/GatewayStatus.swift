import Mail

/// How the gateway is: what `/health` and `/v1/status` answer.
public struct GatewayStatus: Codable, Hashable, Sendable {
    /// Always true in an answer; a balancer that gets none knows the rest.
    public var alive = true
    /// Takes mail now. False while starting, draining, or when the store is full or damaged.
    public var ready: Bool
    /// Why it is not ready, for people; empty when it is.
    public var reason: String
    public var hostname: String
    public var version: String
    /// Of the gateway itself, not of its supervisor.
    public var pid: Int
    /// The configuration in force.
    public var generation: Int
    /// RFC 3339.
    public var startedAt: String
    /// Open SMTP sessions.
    public var sessions: Int
    /// Copies that wait for delivery, one for each recipient of a message.
    public var queueLength: Int
    /// Copies in quarantine.
    public var quarantined: Int
    /// Bytes of messages between DATA and the commit.
    public var bytesInFlight: Int
    /// Messages of the last run that are taken up so far, while others are still to come; nil: all are. Mail is taken meanwhile.
    public var loading: Int?
    /// Why that does not go on for now.
    public var loadingFailure: String?

    public init(
        ready: Bool, reason: String = "", hostname: String, version: String, pid: Int, generation: Int, startedAt: Timestamp, sessions: Int,
        queueLength: Int, quarantined: Int, bytesInFlight: Int
    ) {
        self.ready = ready
        self.reason = reason
        self.hostname = hostname
        self.version = version
        self.pid = pid
        self.generation = generation
        self.startedAt = CivilTime(startedAt).rfc3339
        self.sessions = sessions
        self.queueLength = queueLength
        self.quarantined = quarantined
        self.bytesInFlight = bytesInFlight
    }

    enum CodingKeys: String, CodingKey {
        case alive, ready, reason, hostname, version, pid, generation, sessions, quarantined, loading
        case startedAt = "started_at"
        case queueLength = "queue_length"
        case bytesInFlight = "bytes_in_flight"
        case loadingFailure = "loading_failure"
    }
}

/// A reload that was taken.
public struct ReloadResult: Codable, Hashable, Sendable {
    /// Now in force. The same as before when nothing had changed.
    public var generation: Int
    /// What was taken but looks wrong, one line each.
    public var warnings: [String]

    public init(generation: Int, warnings: [String] = []) {
        self.generation = generation
        self.warnings = warnings
    }
}

/// A restart or an upgrade that is under way.
public struct ReplacementResult: Codable, Hashable, Sendable {
    /// Of the program that takes over.
    public var version: String
    /// Of the gateway that goes.
    public var pid: Int

    public init(version: String, pid: Int) {
        self.version = version
        self.pid = pid
    }
}

/// What flush, hold, release or delete did.
public struct ChangeResult: Codable, Hashable, Sendable {
    /// Copies (one recipient's each) that were changed; 0 when none was in a state to be.
    public var changed: Int
    public init(changed: Int) { self.changed = changed }
}
