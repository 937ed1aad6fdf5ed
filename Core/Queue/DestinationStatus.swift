import Mail

/// How a destination is, as people see it; times are the wall clock's.
public struct DestinationStatus: Sendable, Hashable {
    public enum State: String, Sendable {
        case healthy
        /// It was down or turned sessions away; its limit grows again.
        case slowStart = "slow_start"
        case down
    }

    public var destination: String
    /// Messages with copies for it.
    public var queued: Int
    /// Of these, what waits for its time after a deferral, or has just come.
    public var waiting: Int
    /// Of these, what waits for the destination to come back.
    public var suspended: Int
    /// Attempts under way, and how many may be.
    public var running: Int
    public var limit: Int
    /// Of the oldest message.
    public var oldest: QueueID
    public var state: State
    /// nil unless it is down.
    public var outage: Outage?

    public struct Outage: Sendable, Hashable {
        public var since: Timestamp
        public var lastTried: Timestamp
        public var nextProbe: Timestamp
        public var failures: Int
        /// What it said last, or what was said of it.
        public var words: String
    }
}

extension DeliveryQueue {
    /// Of each destination with mail, most of it first. The completion may come on any thread.
    public func destinations(completion: @escaping @Sendable ([DestinationStatus]) -> Void) {
        loop.execute { [self] in ask { statuses, _ in completion(statuses) } }
    }

    /// Brings the gauges of destinations and ages up to date, before somebody reads them. The completion may come on any thread.
    public func measure(completion: @escaping @Sendable () -> Void) {
        loop.execute { [self] in
            metrics.gauge(core)
            ask { [self] statuses, oldest in
                metrics.gauge(statuses, oldest: oldest.map { loop.now - $0.time })
                completion()
            }
        }
    }

    /// The name of where a waiting copy would go now.
    public static func destination(of copy: StoredRecipient, role: ListenerRole, by policy: PolicySnapshot) -> String {
        "\(Destination(of: copy, role: role, by: policy))"
    }
}
