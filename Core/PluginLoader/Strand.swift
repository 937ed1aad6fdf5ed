import Mail
import Synchronization

/// A serial place on a pool of threads: one piece of work at a time, in order, each perhaps on another thread, and each may block.
public final class Strand: SerialLoop, @unchecked Sendable {
    // Sendable: `state` has its lock; the rest does not change.
    private let pool: ThreadPool
    /// Knows the time.
    private let clock: any SerialLoop
    /// Whose work it is.
    private let site: CallOrigin.Sender
    private let state = Mutex(State())

    private struct State {
        var work: [@Sendable () -> Void] = []
        var isRunning = false
    }

    public init(on pool: ThreadPool, clock: any SerialLoop, for site: CallOrigin.Sender) {
        self.pool = pool
        self.site = site
        self.clock = clock
    }

    /// Nobody needs to know.
    public var isCurrent: Bool { false }
    public var now: Timestamp { clock.now }
    public var uptime: Duration { clock.uptime }

    public func execute(_ work: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.work.append(work)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { pool.execute(for: site) { [self] in turn() } }
    }

    public func schedule(after delay: Duration, _ work: @escaping @Sendable () -> Void) -> any ScheduledWork {
        clock.schedule(after: delay) { [self] in execute(work) }
    }

    /// One piece, then the others of the pool have their turn.
    private func turn() {
        let work = state.withLock { $0.work.removeFirst() }
        work()
        let isMore = state.withLock { state in
            if state.work.isEmpty { state.isRunning = false }
            return state.isRunning
        }
        if isMore { pool.execute(for: site) { [self] in turn() } }
    }
}
