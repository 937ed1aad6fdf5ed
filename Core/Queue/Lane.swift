import Mail

/// The line of one destination: what waits for it, and what is known of how it is. Lane 0 is that of held copies and has none.
///
/// It goes from healthy to down when an attempt ends without an answer and nothing has succeeded since it began; from there back when a
/// probe, or an attempt that began before, is answered.
struct Lane {
    /// What an attempt said about its next hops.
    enum Health {
        /// Somebody's copy was taken, or refused for good.
        case answers
        /// It lives, but every copy is to come again.
        case defers
        /// It lives, but takes nothing more just now: 4xx to MAIL or DATA, or a state of its own (4.3.x).
        case throttles
        /// It turned the session away: 4xx as greeting or to EHLO, or 421.
        case refuses
        /// No connection, or one that broke or stalled.
        case fails
        /// It was not tried.
        case unknown
    }

    /// Since a destination has stopped to answer.
    struct Outage: Equatable, Sendable {
        var since: Timestamp
        /// The end of the last attempt.
        var lastTried: Timestamp
        /// One attempt may be made then, which tells for all.
        var nextProbe: Timestamp
        /// Failed probes, the attempt that showed it included.
        var failures: Int
        /// What the last attempt said.
        var words: String
    }

    /// The rings of `QueueCore` in which a lane can lie. In one that is no longer the right one it stays until its turn comes there, which
    /// then starts nothing.
    enum Ring: UInt8 { case first = 1, further = 2, probe = 4, suspend = 8 }

    /// nil: held copies.
    var destination: Destination?
    /// By time; those whose time has come are ready.
    var waiting = DueHeap()
    /// Deferred because the destination is down: taken out of turn when it is back.
    var suspended = DueHeap()
    /// Items, those under way included.
    var count = 0
    /// Attempts under way.
    var running = 0
    /// Attempts that may be under way.
    var limit: Int
    /// Up to here the limit grows by one with each success (it doubles each round), beyond by one each round.
    var threshold: Int
    private var credit = 0
    private(set) var successes: UInt32 = 0
    var outage: Outage?
    /// So many of `waiting` may be taken before their time: an operator has asked for it.
    var early = 0
    var takesSuspended = false
    var rings: UInt8 = 0
    var isIdle = false
    /// When to look at it again, while it is on the alarm, and its place there.
    var alarm = Timestamp.distantFuture
    var place: UInt32 = .max

    init(_ destination: Destination?, limit: Int) {
        self.destination = destination
        self.limit = limit
        threshold = Int.max
    }

    /// Takes over what an attempt said. `successesBefore`: at its beginning. `backOff`: until the next probe, if there is to be one.
    mutating func learn(
        _ health: Health, _ words: String, isProbe: Bool, successesBefore: UInt32, concurrency: Int, now: Timestamp,
        backOff: Duration
    ) {
        switch health {
        case .unknown:
            // Nothing was learnt of it, but there is no telling either before some time has passed.
            if isProbe { outage?.nextProbe = now + backOff }
        case .answers, .defers, .throttles:
            successes &+= 1
            if outage != nil {
                // It is back: what has gathered drains gently.
                outage = nil
                limit = 1
                credit = 0
            } else if health == .answers {
                grow(concurrency)
            } else if health == .throttles {
                shrink()
            }
        case .refuses, .fails:
            if var known = outage {
                known.lastTried = now
                known.words = words
                if isProbe {
                    known.failures += 1
                    known.nextProbe = now + backOff
                    early = 0
                }
                outage = known
            } else if successes == successesBefore, health == .fails || limit == 1 {
                threshold = max(4, limit / 2)
                limit = 1
                credit = 0
                early = 0
                outage = Outage(since: now, lastTried: now, nextProbe: now + backOff, failures: 1, words: words)
            } else {
                shrink()
            }
        }
    }

    var isGrowingBack: Bool { outage == nil && threshold < Int.max && (limit < threshold || !suspended.isEmpty) }

    /// Somebody wants to know now.
    mutating func probe(by time: Timestamp) {
        if let known = outage { outage!.nextProbe = min(time, known.nextProbe) }
    }

    private mutating func shrink() {
        threshold = max(1, limit / 2)
        limit = threshold
        credit = 0
    }

    private mutating func grow(_ concurrency: Int) {
        guard limit < concurrency else {
            limit = concurrency
            return
        }
        if limit < threshold {
            limit += 1
        } else {
            credit += 1
            if credit >= limit {
                limit += 1
                credit = 0
            }
        }
    }
}

/// The lanes, found by their destinations; numbers of lanes that are gone are used again.
struct LaneTable: DueTable {
    private var lanes: ContiguousArray<Lane>
    private var numbers: [Destination: Int] = [:]
    private var free: [Int] = []

    init(held: Lane) { lanes = [held] }

    var indices: Range<Int> { lanes.indices }
    /// Those that are there, without that of held copies.
    var count: Int { numbers.count }

    subscript(number: Int) -> Lane {
        get { lanes[number] }
        _modify { yield &lanes[number] }
    }

    func number(of destination: Destination?) -> Int? { destination.map { numbers[$0] } ?? 0 }

    mutating func make(_ destination: Destination, limit: Int) -> Int {
        let number: Int
        if let old = free.popLast() {
            number = old
            lanes[number] = Lane(destination, limit: limit)
        } else {
            number = lanes.count
            lanes.append(Lane(destination, limit: limit))
        }
        numbers[destination] = number
        return number
    }

    mutating func remove(_ number: Int) {
        guard let destination = lanes[number].destination else { return }
        numbers[destination] = nil
        lanes[number] = Lane(nil, limit: 0)
        free.append(number)
    }

    func precedes(_ a: UInt32, _ b: UInt32) -> Bool { (lanes[Int(a)].alarm, a) < (lanes[Int(b)].alarm, b) }
    func place(of number: UInt32) -> Int { Int(lanes[Int(number)].place) }
    mutating func setPlace(of number: UInt32, _ place: Int) { lanes[Int(number)].place = UInt32(place) }
}
