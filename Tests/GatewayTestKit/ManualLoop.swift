import Mail
import Synchronization

/// A loop that runs only when told to, with a time that moves only when told to. Use from one thread.
public final class ManualLoop: SerialLoop, WallClock, @unchecked Sendable {
    private final class Work: ScheduledWork {
        let due: Timestamp
        let order: Int
        // Whoever cancels may be on another thread.
        private let body: Mutex<(@Sendable () -> Void)?>
        init(due: Timestamp, order: Int, body: @escaping @Sendable () -> Void) {
            self.due = due
            self.order = order
            self.body = Mutex(body)
        }
        var isCancelled: Bool { body.withLock { $0 == nil } }
        func run() { body.withLock { $0 }?() }
        func cancel() { body.withLock { $0 = nil } }
    }

    private let lock = Mutex<[Work]>([])
    private let counter = Atomic<Int>(0)
    private let time: Mutex<Timestamp>
    /// How far the wall clock was set from the time that the loop goes by.
    private let offset = Mutex(Duration.zero)

    public init(at time: Timestamp = Timestamp(seconds: 1_800_000_000)) { self.time = Mutex(time) }

    public var isCurrent: Bool { true }
    public var now: Timestamp { time.withLock { $0 } + offset.withLock { $0 } }
    public var uptime: Duration { time.withLock { $0 } - Timestamp(seconds: 0) }

    /// Sets the wall clock forward, or back; what waits goes by `uptime`.
    public func setClock(by step: Duration) { offset.withLock { $0 += step } }

    public func execute(_ work: @escaping @Sendable () -> Void) { _ = schedule(after: .zero, work) }

    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any ScheduledWork {
        let item = Work(due: time.withLock { $0 } + delay, order: counter.add(1, ordering: .relaxed).newValue, body: work)
        lock.withLock { $0.append(item) }
        return item
    }

    /// Runs what is due, and what that makes due, in order.
    public func runPending() { advance(by: .zero) }

    /// Moves the time on, running each piece of work at its moment.
    public func advance(by step: Duration) {
        let end = time.withLock { $0 } + step
        while true {
            let next: Work? = lock.withLock { items in
                items.removeAll(where: \.isCancelled)
                guard let i = items.indices.min(by: { (items[$0].due, items[$0].order) < (items[$1].due, items[$1].order) }),
                    items[i].due <= end
                else { return nil }
                return items.remove(at: i)
            }
            guard let next else { break }
            time.withLock { $0 = max($0, next.due) }
            next.run()
        }
        time.withLock { $0 = end }
    }
}
