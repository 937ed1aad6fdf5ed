import Mail

/// Where mail goes and how that is: a line of `postern queue summary`. Times are RFC 3339.
public struct DestinationRecord: Codable, Hashable, Sendable {
    /// A configured domain's name for its own servers, `outbound of NAME` for its relay, `mx NAME` with or without `for SENDER`.
    public var destination: String
    /// `healthy`, `slow_start` or `down`.
    public var state: String
    /// Messages with copies for it; of these, waiting for their time and waiting for the destination.
    public var queued: Int
    public var waiting: Int
    public var suspended: Int
    /// Attempts under way, and how many may be.
    public var running: Int
    public var limit: Int
    /// When the oldest message was received.
    public var oldest: String
    /// Absent unless it is down.
    public var downSince: String?
    public var lastTried: String?
    public var nextProbe: String?
    public var failures: Int?
    /// What the last attempt said. May hold a peer's words: escape it before printing.
    public var words: String?

    public init(
        destination: String, state: String, queued: Int, waiting: Int, suspended: Int, running: Int, limit: Int, oldest: Timestamp
    ) {
        self.destination = destination
        self.state = state
        self.queued = queued
        self.waiting = waiting
        self.suspended = suspended
        self.running = running
        self.limit = limit
        self.oldest = CivilTime(oldest).rfc3339
    }

    public mutating func setOutage(since: Timestamp, lastTried: Timestamp, nextProbe: Timestamp, failures: Int, words: String) {
        downSince = CivilTime(since).rfc3339
        self.lastTried = CivilTime(lastTried).rfc3339
        self.nextProbe = CivilTime(nextProbe).rfc3339
        self.failures = failures
        self.words = words
    }

    enum CodingKeys: String, CodingKey {
        case destination, state, queued, waiting, suspended, running, limit, oldest, failures, words
        case downSince = "down_since"
        case lastTried = "last_tried"
        case nextProbe = "next_probe"
    }
}
