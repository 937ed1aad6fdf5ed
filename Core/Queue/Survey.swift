import Mail

/// What waits for whom, put together in parts: none of them holds up deliveries for more than some milliseconds, however long the queue is
/// and to however many destinations.
struct Survey {
    /// Most mail first, and the oldest message of all.
    typealias Completion = @Sendable ([DestinationStatus], QueueID?) -> Void

    /// Places of items looked at in one turn of the loop: 0.1 ms in an optimized build. And lanes, each of which costs much more.
    static let itemsAtOnce = 16_384
    static let lanesAtOnce = 500
    /// More are put in order beside the loop.
    static let sortedAtOnce = 1000

    var completions: [Completion]
    var found: [DestinationStatus] = []
    var nextLane = 0
}

extension DeliveryQueue {
    /// The completion comes on the loop, or beside it when there are many destinations.
    func ask(_ completion: @escaping Survey.Completion) {
        asking.append(completion)
        if survey == nil { beginSurvey() }
    }

    private func beginSurvey() {
        survey = Survey(completions: asking)
        asking = []
        core.ages = LaneAges()
        loop.execute { [self] in goOn() }
    }

    private func goOn() {
        guard core.look(at: Survey.itemsAtOnce) else { return loop.execute { [self] in goOn() } }
        let now = now
        let end = min(core.lanes.indices.upperBound, survey!.nextLane + Survey.lanesAtOnce)
        for lane in survey!.nextLane..<max(survey!.nextLane, end) {
            if let status = status(lane, now) { survey!.found.append(status) }
        }
        survey!.nextLane = end
        guard end >= core.lanes.indices.upperBound else { return loop.execute { [self] in goOn() } }
        let (completions, found, oldest) = (survey!.completions, survey!.found, core.ages?.oldest)
        (survey, core.ages) = (nil, nil)
        if !asking.isEmpty { beginSurvey() }
        let tell: @Sendable () -> Void = {
            let sorted = found.sorted { ($0.queued, $1.destination) > ($1.queued, $0.destination) }
            for completion in completions { completion(sorted, oldest) }
        }
        if found.count <= Survey.sortedAtOnce { tell() } else { Task.detached(operation: tell) }
    }

    private func status(_ number: Int, _ now: Timestamp) -> DestinationStatus? {
        let lane = core.lanes[number]
        guard let destination = lane.destination, lane.count > 0, let oldest = core.ages?[number] else { return nil }
        let outage = lane.outage.map {
            DestinationStatus.Outage(
                since: wallTime($0.since), lastTried: wallTime($0.lastTried), nextProbe: wallTime(max($0.nextProbe, now)),
                failures: $0.failures, words: $0.words)
        }
        return DestinationStatus(
            destination: "\(destination)", queued: lane.count, waiting: lane.waiting.count, suspended: lane.suspended.count,
            running: lane.running, limit: min(lane.limit, core.concurrency), oldest: oldest,
            state: outage != nil ? .down : lane.isGrowingBack ? .slowStart : .healthy, outage: outage)
    }
}
