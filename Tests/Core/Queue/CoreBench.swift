import Mail

@testable import Queue

/// The machine with a time of its own, and what it has started.
struct CoreBench {
    var core: QueueCore
    var now = Timestamp(seconds: 1000)
    /// Under way, in the order in which they were started.
    var running: [QueueCore.Action] = []

    init(concurrency: Int = 20, first: Int = 60, most: Int = 4 * 3600) {
        core = QueueCore(
            concurrency: concurrency, schedule: RetrySchedule(first: .seconds(first), most: .seconds(most)), seed: 1)
    }

    static func id(_ number: Int) -> QueueID { QueueID(rawValue: Int64(number)) }

    mutating func add(_ numbers: ClosedRange<Int>, _ domain: String, in seconds: Int = 0) {
        for i in numbers { core.add(Self.id(i), to: .servers(domain), due: now + .seconds(seconds)) }
    }

    /// Moves on and starts what may start; says what.
    @discardableResult mutating func start(after seconds: Int = 0) -> [String] {
        now = now + .seconds(seconds)
        let actions = core.advance(to: now)
        running += actions
        return actions.map(Self.name)
    }

    /// Ends the oldest attempt of a domain.
    mutating func finish(_ domain: String? = nil, _ health: Lane.Health = .answers, next seconds: Int? = nil, words: String = "words") {
        let i = running.firstIndex { domain == nil || Self.name($0).hasPrefix(domain!) }!
        core.finished(
            Self.item(running.remove(at: i)), next: seconds.map { now + .seconds($0) }, health: health, words: words, now: now)
    }

    func lane(_ domain: String) -> Lane { core.lanes[core.lanes.number(of: .servers(domain))!] }

    static func name(_ action: QueueCore.Action) -> String {
        switch action {
        case .deliver(let item, let destination, _): "\(destination) \(item.id.rawValue)"
        case .suspend(let item, let destination, _): "\(destination) suspends \(item.id.rawValue)"
        case .reinspect(let item): "held \(item.id.rawValue)"
        }
    }

    static func item(_ action: QueueCore.Action) -> QueueCore.Item {
        switch action {
        case .deliver(let item, _, _), .suspend(let item, _, _), .reinspect(let item): item
        }
    }
}
