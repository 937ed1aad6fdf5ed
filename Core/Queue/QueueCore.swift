import DequeModule
import HeapModule
import Mail

/// What is tried next and when: the pure machine. Time is an argument; `advance` says what to start.
struct QueueCore {
    /// The copies of one message that go one way.
    struct Item: Hashable, Sendable {
        var id: QueueID
        fileprivate var lane: Int32
    }

    enum Action: Equatable {
        case deliver(Item, Way, readySince: Timestamp)
        case reinspect(Item)
    }

    /// What an attempt said about its next hop.
    enum Health { case answers, fails, unknown }

    private enum State {
        /// In the heap; an entry with another time is stale.
        case waiting(due: Timestamp)
        /// In its lane's line.
        case ready(since: Timestamp)
        /// An attempt is under way; `again`: somebody has asked for another one.
        case running(again: Timestamp?)
    }

    private struct Due: Comparable {
        var time: Timestamp
        var item: Item
        static func < (a: Due, b: Due) -> Bool { (a.time, a.item.id) < (b.time, b.item.id) }
    }

    /// The line of one way; lane 0 is that of held copies.
    private struct Lane {
        var way: Way
        var line = Deque<Item>()
        var running = 0
        /// Attempts that may be under way: adapts.
        var limit: Int
        var isInRing = false
    }

    static let firstLimit = 5
    static let inspectionLimit = 4
    static let runningLimit = 1000

    /// Attempts of one way at most.
    var concurrency: Int
    private(set) var running = 0
    var isStopping = false
    private var items: [Item: State] = [:]
    private var heap = Heap<Due>()
    private var lanes = [Lane(way: Way(""), limit: QueueCore.inspectionLimit)]
    private var numbers: [Way: Int32] = [:]
    private var ring = Deque<Int32>()
    private(set) var heldCount = 0

    init(concurrency: Int) { self.concurrency = max(1, concurrency) }

    /// Items that are known, held ones included.
    var count: Int { items.count }

    /// Entries of the heap, stale ones included.
    var heapCount: Int { heap.count }

    /// When `advance` is next worth a call, if nothing else happens.
    var nextDue: Timestamp? { heap.min?.time }

    /// `way` nil: held copies, to be judged again. Known already: the earlier time counts.
    mutating func add(_ id: QueueID, way: Way?, due: Timestamp) {
        let item = Item(id: id, lane: lane(of: way))
        switch items[item] {
        case nil:
            if item.lane == 0 { heldCount += 1 }
            wait(item, until: due)
        case .waiting(let known): if due < known { wait(item, until: due) }
        case .ready: break
        case .running(let again): items[item] = .running(again: min(again ?? due, due))
        }
    }

    /// What may start now.
    mutating func advance(to now: Timestamp) -> [Action] {
        while let next = heap.min, next.time <= now {
            heap.removeMin()
            if case .waiting(let due)? = items[next.item], due == next.time { makeReady(next.item, now) }
        }
        var actions: [Action] = []
        while !isStopping, running < Self.runningLimit, let number = ring.popFirst() {
            let lane = Int(number)
            lanes[lane].isInRing = false
            // Its limit may have fallen since; then the end of an attempt brings it back.
            guard lanes[lane].running < lanes[lane].limit else { continue }
            let item = lanes[lane].line.removeFirst()
            guard case .ready(let since)? = items[item] else { preconditionFailure("in line but not ready") }
            items[item] = .running(again: nil)
            lanes[lane].running += 1
            running += 1
            actions.append(lane == 0 ? .reinspect(item) : .deliver(item, lanes[lane].way, readySince: since))
            joinRing(lane)
        }
        return actions
    }

    /// The attempt is over. `next`: when to try again, or nil when nothing is left to do.
    mutating func finished(_ item: Item, next: Timestamp?, health: Health) {
        guard case .running(let again)? = items[item] else { preconditionFailure("finished but not running") }
        let lane = Int(item.lane)
        running -= 1
        lanes[lane].running -= 1
        if lane != 0 {
            switch health {
            case .answers: lanes[lane].limit = min(lanes[lane].limit + 1, concurrency)
            case .fails: lanes[lane].limit = 1
            case .unknown: break
            }
        }
        if let time = [next, again].compactMap({ $0 }).min() {
            wait(item, until: time)
        } else {
            items[item] = nil
            if lane == 0 { heldCount -= 1 }
        }
        joinRing(lane)
    }

    /// Makes what waits of one message due. Returns how many items.
    mutating func flush(_ id: QueueID, now: Timestamp) -> Int { flush(now) { $0.id == id } }

    /// Makes all waiting items of `domain`, or of all domains (held copies too), due. Returns how many.
    mutating func flush(domain: String?, now: Timestamp) -> Int {
        guard let domain else { return flush(now) { _ in true } }
        let lanes = ListenerRole.allCases.compactMap { numbers[Way(domain, role: $0)] }
        return lanes.isEmpty ? 0 : flush(now) { lanes.contains($0.lane) }
    }

    private mutating func flush(_ now: Timestamp, _ isMeant: (Item) -> Bool) -> Int {
        var due: [Item] = []
        for (item, state) in items where isMeant(item) { if case .waiting = state { due.append(item) } }
        due.sort { $0.id < $1.id }
        for item in due { makeReady(item, now) }
        return due.count
    }

    private mutating func lane(of way: Way?) -> Int32 {
        guard let way else { return 0 }
        if let number = numbers[way] { return number }
        let number = Int32(lanes.count)
        lanes.append(Lane(way: way, limit: min(Self.firstLimit, concurrency)))
        numbers[way] = number
        return number
    }

    private mutating func wait(_ item: Item, until due: Timestamp) {
        items[item] = .waiting(due: due)
        heap.insert(Due(time: due, item: item))
        // Flushes leave stale entries behind.
        if heap.count > 2 * items.count + 1024 {
            heap = Heap(items.compactMap { if case .waiting(let due) = $0.value { Due(time: due, item: $0.key) } else { nil } })
        }
    }

    private mutating func makeReady(_ item: Item, _ now: Timestamp) {
        items[item] = .ready(since: now)
        lanes[Int(item.lane)].line.append(item)
        joinRing(Int(item.lane))
    }

    private mutating func joinRing(_ lane: Int) {
        guard !lanes[lane].isInRing, !lanes[lane].line.isEmpty, lanes[lane].running < lanes[lane].limit else { return }
        lanes[lane].isInRing = true
        ring.append(Int32(lane))
    }
}
