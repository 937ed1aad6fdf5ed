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
    /// Of each destination with mail, most of it first. The completion comes on the queue's loop.
    public func destinations(completion: @escaping @Sendable ([DestinationStatus]) -> Void) {
        loop.execute { [self] in completion(statuses()) }
    }

    /// Brings the gauges of destinations and ages up to date, before somebody reads them.
    public func measure(completion: @escaping @Sendable () -> Void) {
        loop.execute { [self] in
            metrics.gauge(core)
            metrics.gauge(statuses(), oldest: core.oldest().lazy.compactMap { $0 }.min().map { loop.now - $0.time })
            completion()
        }
    }

    /// The name of where a waiting copy would go now.
    public static func destination(of copy: StoredRecipient, role: ListenerRole, by policy: PolicySnapshot) -> String {
        "\(Destination(of: copy, role: role, by: policy))"
    }

    private func statuses() -> [DestinationStatus] {
        let now = now
        // One pass over all items: 3 ms for a million.
        let oldest = core.oldest()
        var found: [DestinationStatus] = []
        for number in core.lanes.indices {
            let lane = core.lanes[number]
            guard let destination = lane.destination, let first = oldest[number] else { continue }
            let outage = lane.outage.map {
                DestinationStatus.Outage(
                    since: wallTime($0.since), lastTried: wallTime($0.lastTried), nextProbe: wallTime(max($0.nextProbe, now)),
                    failures: $0.failures, words: $0.words)
            }
            found.append(
                DestinationStatus(
                    destination: "\(destination)", queued: lane.count, waiting: lane.waiting.count, suspended: lane.suspended.count,
                    running: lane.running, limit: min(lane.limit, core.concurrency), oldest: first,
                    state: outage != nil ? .down : lane.isGrowingBack ? .slowStart : .healthy, outage: outage))
        }
        return found.sorted { ($0.queued, $1.destination) > ($1.queued, $0.destination) }
    }
}
