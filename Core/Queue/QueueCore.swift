import DequeModule
import Mail

/// What is tried next and when: the pure machine. Time is an argument; `advance` says what to start.
///
/// A lane lies in one of four rings while something in it may start now, and else on the alarm with the moment when that may change; so
/// nothing here looks at a lane, or at an item, that has nothing to do.
struct QueueCore {
    /// The copies of one message that go to one destination.
    struct Item: Hashable, Sendable {
        var id: QueueID
        fileprivate(set) var slot: UInt32
    }

    enum Action: Equatable {
        case deliver(Item, Destination, readySince: Timestamp)
        /// Its destination is down: it is deferred without an attempt.
        case suspend(Item, Destination, Lane.Outage)
        case reinspect(Item)
    }

    /// What is under way.
    private struct Run {
        enum Kind { case attempt, probe, suspension, inspection }
        var kind: Kind
        var successesBefore: UInt32
        /// Somebody has asked for another one.
        var again: Timestamp?
    }

    static let firstLimit = 5
    static let inspectionLimit = 4
    /// Attempts in all.
    static let runningLimit = 1000
    /// With those of destinations that have no other: so many slow ones must come together before one more has to wait.
    static let runningLimitWithFirsts = 1500
    /// Attempts with destinations that are down: those of live ones have slots of their own.
    static let probeLimit = 100
    static let suspensionLimit = 100
    /// Lanes without an item that are kept for what is known of their destination.
    static let idleLanes = 4096
    /// A destination that is down is tried this often at least, whatever its messages' schedule says.
    static let mostBackOff = Duration.seconds(15 * 60)

    /// Attempts of one destination at most.
    var concurrency: Int
    /// A probe's back-off begins like a message's.
    var schedule: RetrySchedule
    var isStopping = false
    private(set) var items = ItemTable()
    private(set) var lanes = LaneTable(held: Lane(nil, limit: QueueCore.inspectionLimit))
    private var runs: [UInt32: Run] = [:]
    private var alarms = DueHeap()
    private var firsts = Deque<Int>()
    private var furthers = Deque<Int>()
    private var probes = Deque<Int>()
    private var suspensions = Deque<Int>()
    private var idle = Deque<Int>()
    private var probing = 0
    private var suspending = 0
    private var now = Timestamp.distantPast
    private var random: SeededRandom
    private(set) var suspendedCount = 0

    init(concurrency: Int, schedule: RetrySchedule, seed: UInt64) {
        self.concurrency = max(1, concurrency)
        self.schedule = schedule
        random = SeededRandom(seed: seed)
    }

    /// Items that are known, held ones included.
    var count: Int { items.count }
    var heldCount: Int { lanes[0].count }
    /// Attempts and what else is under way.
    var running: Int { runs.count }

    /// While somebody looks for the oldest message of each lane, a part at a time. What comes meanwhile is noted as it comes.
    var ages: LaneAges?

    /// Looks at up to `count` places more. True when that was all.
    mutating func look(at count: Int) -> Bool { ages?.look(at: count, in: items) ?? true }

    /// When `advance` is next worth a call, if nothing else happens.
    var nextDue: Timestamp? { alarms.min.map { lanes[Int($0)].alarm } }

    // MARK: What comes in

    /// `destination` nil: held copies, to be judged again. Known already: the earlier time counts. `isLoaded`: it stood in the store all the
    /// time, so an attempt under way has read it. True: it was not known.
    @discardableResult mutating func add(_ id: QueueID, to destination: Destination?, due: Timestamp, isLoaded: Bool = false) -> Bool {
        let lane: Int
        if let known = lanes.number(of: destination) {
            lane = known
        } else {
            lane = lanes.make(destination!, limit: min(Self.firstLimit, concurrency))
            ages?.begin(lane)
        }
        let found = items.find(id, lane: lane)
        if let slot = found {
            switch items[state: slot] {
            case .running: if !isLoaded { runs[slot]!.again = min(runs[slot]!.again ?? due, due) }
            case .waiting, .suspended:
                guard due < items[due: slot] else { return false }
                take(slot)
                wait(slot, until: due)
            case .free: preconditionFailure("found but not there")
            }
        } else {
            let slot = items.insert(id, lane: lane, due: due)
            lanes[lane].count += 1
            lanes[lane].waiting.insert(slot, in: &items)
            ages?.note(id, lane)
        }
        settle(lane)
        return found == nil
    }

    /// True while an attempt, or what takes its place, is under way.
    func item(_ id: QueueID, to destination: Destination?) -> (item: Item, isRunning: Bool)? {
        guard let lane = lanes.number(of: destination), let slot = items.find(id, lane: lane) else { return nil }
        return (Item(id: id, slot: slot), items[state: slot] == .running)
    }

    /// Nothing is left to do for it. What is under way ends by itself.
    mutating func remove(_ id: QueueID, to destination: Destination?) {
        guard let lane = lanes.number(of: destination), let slot = items.find(id, lane: lane) else { return }
        if items[state: slot] == .running {
            runs[slot]!.again = nil
            return
        }
        take(slot)
        forget(slot)
        settle(lane)
    }

    /// Makes one item due, and its destination be tried at once if that is down. False when it is not there, or under way.
    mutating func flush(_ id: QueueID, to destination: Destination?, now: Timestamp) -> Bool {
        guard let lane = lanes.number(of: destination), let slot = items.find(id, lane: lane), items[state: slot] != .running else {
            return false
        }
        take(slot)
        // Before all others, so that it is the probe.
        wait(slot, until: lanes[lane].outage == nil ? now : .distantPast)
        lanes[lane].probe(by: now)
        settle(lane)
        return true
    }

    /// Makes a whole lane due, without touching each item. Says how many were waiting.
    mutating func flush(lane: Int, now: Timestamp) -> Int {
        let waiting = lanes[lane].waiting.count
        let suspended = lanes[lane].suspended.count
        lanes[lane].early = waiting
        lanes[lane].probe(by: now)
        settle(lane)
        return waiting + suspended
    }

    // MARK: What goes out

    /// What may start now.
    mutating func advance(to time: Timestamp) -> [Action] {
        now = time
        while let next = alarms.min, lanes[Int(next)].alarm <= now { settle(Int(next)) }
        var actions: [Action] = []
        while !isStopping {
            let attempts = runs.count - probing - suspending
            if attempts < Self.runningLimitWithFirsts, let lane = firsts.popFirst() {
                start(lane, from: .first, &actions)
            } else if probing < Self.probeLimit, let lane = probes.popFirst() {
                start(lane, from: .probe, &actions)
            } else if attempts < Self.runningLimit, let lane = furthers.popFirst() {
                start(lane, from: .further, &actions)
            } else if suspending < Self.suspensionLimit, let lane = suspensions.popFirst() {
                start(lane, from: .suspend, &actions)
            } else {
                break
            }
        }
        return actions
    }

    /// It is over. `next`: when to try again, or nil when nothing is left to do. `words`: of a failure.
    mutating func finished(_ item: Item, next: Timestamp?, health: Lane.Health, words: String = "", now time: Timestamp) {
        guard let run = runs.removeValue(forKey: item.slot) else { preconditionFailure("finished but not running") }
        now = max(now, time)
        let lane = items.lane(of: item.slot)
        switch run.kind {
        case .suspension: suspending -= 1
        case .probe: (probing, lanes[lane].running) = (probing - 1, lanes[lane].running - 1)
        case .attempt, .inspection: lanes[lane].running -= 1
        }
        if run.kind == .attempt || run.kind == .probe {
            let most = min(schedule.most, Self.mostBackOff)
            let backOff = RetrySchedule(first: min(schedule.first, most), most: most)
            var wait = Duration.zero
            if health == .fails || health == .refuses {
                wait = backOff.delay(after: (lanes[lane].outage?.failures ?? 0) + 1, using: &random)
            } else if health == .unknown, run.kind == .probe {
                wait = backOff.delay(after: 1, using: &random)
            }
            lanes[lane].learn(
                health, words, isProbe: run.kind == .probe, successesBefore: run.successesBefore, concurrency: concurrency, now: now,
                backOff: wait)
        }
        // What came back for its destination's sake is taken up as soon as that is back.
        let isSuspended = lanes[lane].outage != nil && (run.kind == .suspension || health == .fails || health == .refuses)
        if let again = run.again {
            wait(item.slot, until: min(again, next ?? again))
        } else if let next {
            // While its suspension was recorded its destination came back: it goes with the others.
            let isLate = run.kind == .suspension && lanes[lane].outage == nil
            wait(item.slot, until: isLate ? now : next, isSuspended: isSuspended)
        } else {
            forget(item.slot)
        }
        settle(lane)
    }

    // MARK: Lanes

    private enum Readiness: Equatable {
        case now(Lane.Ring)
        case at(Timestamp)
        case never
    }

    private func readiness(_ number: Int) -> Readiness {
        let lane = lanes[number]
        let due = lane.waiting.min.map { items[due: $0] }
        let isDue = lane.early > 0 && due != nil || due.map { $0 <= now } ?? false
        guard let outage = lane.outage else {
            if isDue || !lane.suspended.isEmpty {
                if lane.running >= min(lane.limit, max(concurrency, number == 0 ? Self.inspectionLimit : 1)) { return .never }
                return .now(lane.running == 0 ? .first : .further)
            }
            return due.map { .at($0) } ?? .never
        }
        // One attempt tells for all: those that were under way before, or the probe.
        if lane.running > 0 { return .never }
        let suspendedDue = lane.suspended.min.map { items[due: $0] }
        if isDue || suspendedDue != nil, outage.nextProbe <= now { return .now(.probe) }
        if isDue || suspendedDue.map({ $0 <= now }) ?? false { return .now(.suspend) }
        let next = min(due ?? .distantFuture, suspendedDue ?? .distantFuture, suspendedDue == nil ? .distantFuture : outage.nextProbe)
        return next == .distantFuture ? .never : .at(next)
    }

    /// Puts a lane where it belongs now: into a ring, on the alarm, or nowhere.
    private mutating func settle(_ lane: Int) {
        let readiness = readiness(lane)
        let alarm: Timestamp? = if case .at(let time) = readiness { time } else { nil }
        let isOnAlarm = lanes[lane].place != .max
        if isOnAlarm, alarm != lanes[lane].alarm {
            alarms.remove(UInt32(lane), in: &lanes)
            lanes[lane].place = .max
        }
        if let alarm, lanes[lane].place == .max {
            lanes[lane].alarm = alarm
            alarms.insert(UInt32(lane), in: &lanes)
        }
        if case .now(let ring) = readiness, lanes[lane].rings & ring.rawValue == 0 { join(lane, ring) }
        if lanes[lane].count == 0, lane != 0 { rest(lane) }
    }

    private mutating func join(_ lane: Int, _ ring: Lane.Ring) {
        lanes[lane].rings |= ring.rawValue
        switch ring {
        case .first: firsts.append(lane)
        case .further: furthers.append(lane)
        case .probe: probes.append(lane)
        case .suspend: suspensions.append(lane)
        }
    }

    /// It had its turn in `ring`. Things may have changed since it joined: then it goes where it belongs.
    private mutating func start(_ lane: Int, from ring: Lane.Ring, _ actions: inout [Action]) {
        lanes[lane].rings &= ~ring.rawValue
        if readiness(lane) == .now(ring) {
            let slot = select(lane, isHealthy: lanes[lane].outage == nil)
            let item = Item(id: items.id(of: slot), slot: slot)
            var kind = Run.Kind.attempt
            if lane == 0 {
                kind = .inspection
                actions.append(.reinspect(item))
            } else if ring == .suspend {
                kind = .suspension
                suspending += 1
                actions.append(.suspend(item, lanes[lane].destination!, lanes[lane].outage!))
            } else {
                if ring == .probe { (kind, probing) = (.probe, probing + 1) }
                let since = items[due: slot]
                actions.append(.deliver(item, lanes[lane].destination!, readySince: since <= .distantPast ? now : min(since, now)))
            }
            if kind != .suspension { lanes[lane].running += 1 }
            items[state: slot] = .running
            runs[slot] = Run(kind: kind, successesBefore: lanes[lane].successes)
        }
        settle(lane)
    }

    /// Takes the next one out of its heap. What was suspended and what has just become due take turns once the destination is back: neither
    /// new mail nor the backlog stands behind all of the other.
    private mutating func select(_ lane: Int, isHealthy: Bool) -> UInt32 {
        let waiting = lanes[lane].waiting.min
        let suspended = lanes[lane].suspended.min
        let isDue = waiting.map { lanes[lane].early > 0 || items[due: $0] <= now } ?? false
        let slot: UInt32
        if isDue, let waiting, let suspended {
            if isHealthy { lanes[lane].takesSuspended.toggle() }
            let takesSuspended = isHealthy ? lanes[lane].takesSuspended : items.precedes(suspended, waiting)
            slot = takesSuspended ? suspended : waiting
        } else {
            slot = (isDue ? waiting : suspended)!
        }
        take(slot)
        return slot
    }

    // MARK: Items

    /// Out of its heap.
    private mutating func take(_ slot: UInt32) {
        let lane = items.lane(of: slot)
        if items[state: slot] == .suspended {
            lanes[lane].suspended.remove(slot, in: &items)
            suspendedCount -= 1
        } else {
            lanes[lane].waiting.remove(slot, in: &items)
            if lanes[lane].early > 0 { lanes[lane].early -= 1 }
        }
    }

    /// One that is in no heap.
    private mutating func wait(_ slot: UInt32, until due: Timestamp, isSuspended: Bool = false) {
        let lane = items.lane(of: slot)
        items[due: slot] = due
        items[state: slot] = isSuspended ? .suspended : .waiting
        if isSuspended {
            lanes[lane].suspended.insert(slot, in: &items)
            suspendedCount += 1
        } else {
            lanes[lane].waiting.insert(slot, in: &items)
        }
    }

    private mutating func forget(_ slot: UInt32) {
        lanes[items.lane(of: slot)].count -= 1
        items.remove(slot)
    }

    /// A lane without items is kept for a time: the next message is likely to come soon.
    private mutating func rest(_ lane: Int) {
        if !lanes[lane].isIdle {
            lanes[lane].isIdle = true
            idle.append(lane)
        }
        while idle.count > Self.idleLanes, let old = idle.popFirst() {
            lanes[old].isIdle = false
            if lanes[old].count > 0 { continue }
            if lanes[old].rings == 0, lanes[old].running == 0 {
                lanes.remove(old)
            } else {
                lanes[old].isIdle = true
                idle.append(old)
                break
            }
        }
    }
}
