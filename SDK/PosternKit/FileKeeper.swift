import Glibc

/// The thread behind a `FileBacked`: looks at the files, loads, waits.
final class FileKeeper<Source: FileSource>: @unchecked Sendable {
    // Sendable: `shared` is guarded by `mutex`; the rest is not written after init.
    let source: Source
    private let interval: Duration
    /// A failure may pass without a file changing: memory, a folder's rights. So long after one it is tried again.
    private let pause: Duration
    private let log: @Sendable (LogLevel, String) -> Void
    private let begin: Begin
    private var shared = Shared()
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private struct Shared {
        var state = FileBacked<Source>.State.loading
        var generation = 0
        var isStopped = false
        /// Whether the thread is there, and when it was last tried to make it.
        var isRunning = false
        var triedAt: ContinuousClock.Instant?
    }

    /// Makes the thread, which calls `FileKeeper.run`; pthread_create(3)'s code.
    typealias Begin = @Sendable (any FileThread) -> Int32

    /// A change is believed when two looks this far apart see the same: files are rarely written in one go.
    private static var settling: Duration { .seconds(1) }

    init(
        _ source: Source, every interval: Duration, pause: Duration = .seconds(60), begin: @escaping Begin = { $0.beginThread() },
        log: @escaping @Sendable (LogLevel, String) -> Void
    ) {
        self.source = source
        self.interval = max(interval, .milliseconds(10))
        self.pause = pause
        self.log = log
        self.begin = begin
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    var state: FileBacked<Source>.State { locked { $0.state } }
    var generation: Int { locked { $0.generation } }

    private func locked<R>(_ body: (inout Shared) -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&shared)
    }

    /// Begins to load, unless it has. Where no thread could be made it is tried again at the next call, at most once a second.
    func start() {
        let trouble = "\(source.description): no thread to load it on"
        let isNews = locked { shared in
            if shared.isRunning || shared.isStopped { return false }
            let last = shared.triedAt
            if let last, last.duration(to: .now) < min(pause, .seconds(1)) { return false }
            shared.triedAt = .now
            shared.isRunning = begin(self) == 0
            shared.state = shared.isRunning ? .loading : .failed(trouble)
            return !shared.isRunning && last == nil
        }
        if isNews { log(.error, "\(trouble); it is tried again") }
    }

    func stop() {
        locked {
            $0.isStopped = true
            pthread_cond_signal(condition)
        }
    }

    private var isStopped: Bool { locked { $0.isStopped } }

    // MARK: The thread

    func run() {
        var seen: [FileStamp]?
        var failure: Failure?
        while !isStopped {
            var stamps = source.stamps()
            if seen != stamps {
                if seen != nil { stamps = settled(stamps) }
                if isStopped { return }
                seen = stamps
                failure = reload(after: nil)
            } else if let last = failure, last.since.duration(to: .now) >= pause {
                failure = reload(after: last)
            }
            wait(failure == nil ? interval : min(interval, pause))
        }
    }

    /// The last attempt's, when it failed.
    private struct Failure {
        var reason: String
        var since = ContinuousClock.now
    }

    /// The files once they hold still; at most ten looks.
    private func settled(_ first: [FileStamp]) -> [FileStamp] {
        var stamps = first
        for _ in 0..<10 where !isStopped {
            wait(min(Self.settling, interval))
            let now = source.stamps()
            if now == stamps { break }
            stamps = now
        }
        return stamps
    }

    /// `last`: the same files could not be loaded before. What still goes on is not given up for another attempt.
    private func reload(after last: Failure?) -> Failure? {
        let isFirst = generation == 0
        if let reason = reasonToHold() {
            if let last { return Failure(reason: last.reason) }
            log(.info, "\(source.description) has changed: mail waits until it is loaded (\(reason))")
            giveUpCurrent()
        }
        do {
            let value = try source.load(isFirst: isFirst)
            let summary = source.summary(of: value)
            // What is replaced may take long to be freed: not with the lock held.
            let old = locked { shared in
                defer { shared.state = .ready(value) }
                shared.generation += 1
                return shared.state
            }
            withExtendedLifetime(old) {}
            log(.info, "\(source.description) \(isFirst ? "is loaded" : "is loaded again"): \(summary)")
            return nil
        } catch {
            let goesOn = locked { shared in
                if case .ready = shared.state { return true }
                shared.state = .failed("\(error)")
                return false
            }
            let failure = Failure(reason: "\(error)")
            if failure.reason != last?.reason {
                log(
                    .error, failure.reason + (goesOn ? "; what was loaded before goes on" : "; until it is mended no message can be judged")
                )
            }
            return failure
        }
    }

    private func reasonToHold() -> String? {
        guard case .ready(let current) = state, case .hold(let reason) = source.order(replacing: current) else { return nil }
        return reason
    }

    /// Frees the value when the last who uses it is done.
    private func giveUpCurrent() {
        var current = locked { shared -> Source.Value? in
            guard case .ready(let value) = shared.state else { return nil }
            shared.state = .loading
            return value
        }
        while current != nil, !isKnownUniquelyReferenced(&current), !isStopped { wait(.milliseconds(10)) }
        current = nil
    }

    /// Returns early when stopped.
    private func wait(_ duration: Duration) {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        let nanoseconds = until.tv_nsec + Int(duration.components.attoseconds / 1_000_000_000)
        until.tv_sec += Int(duration.components.seconds) + nanoseconds / 1_000_000_000
        until.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !shared.isStopped, pthread_cond_timedwait(condition, mutex, &until) == 0 {}
    }
}

extension FileKeeper: FileThread {}
