import Glibc

/// The thread behind a `FileBacked`: looks at the files, loads, waits.
final class FileKeeper<Source: FileSource>: @unchecked Sendable {
    // Sendable: `shared` is guarded by `mutex`; the rest is not written after init.
    let source: Source
    private let interval: Duration
    private let log: @Sendable (LogLevel, String) -> Void
    private var shared = Shared()
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private struct Shared {
        var state = FileBacked<Source>.State.loading
        var generation = 0
        var isStopped = false
    }

    /// A change is believed when two looks this far apart see the same: files are rarely written in one go.
    private static var settling: Duration { .seconds(1) }
    /// A failure may pass without a file changing: memory, a folder's rights.
    private static var longestFailure: Duration { .seconds(60) }

    init(_ source: Source, every interval: Duration, log: @escaping @Sendable (LogLevel, String) -> Void) {
        self.source = source
        self.interval = max(interval, .milliseconds(10))
        self.log = log
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

    func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // C libraries that parse and compile expect the usual stack.
        pthread_attr_setstacksize(&attributes, 8 << 20)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let me = Unmanaged.passRetained(self as AnyObject)
        let code = pthread_create(
            &thread, &attributes,
            { pointer in
                (Unmanaged<AnyObject>.fromOpaque(pointer!).takeRetainedValue() as! any Runnable).run()
                return nil
            }, me.toOpaque())
        if code != 0 {
            me.release()
            locked { $0.state = .failed("\(source.description): no thread to load it on") }
        }
    }

    func stop() {
        locked {
            $0.isStopped = true
            pthread_cond_signal(condition)
        }
    }

    private var isStopped: Bool { locked { $0.isStopped } }

    // MARK: The thread

    fileprivate func run() {
        var seen: [FileStamp]?
        var failedFor = Duration.zero
        while !isStopped {
            var stamps = source.stamps()
            if seen != stamps || failedFor >= Self.longestFailure {
                if seen != nil, seen != stamps { stamps = settled(stamps) }
                if isStopped { return }
                seen = stamps
                failedFor = .zero
                reload()
            }
            wait(interval)
            if case .failed = state { failedFor += interval }
        }
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

    private func reload() {
        let isFirst = generation == 0
        if let reason = reasonToHold() {
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
        } catch {
            let goesOn = locked { shared in
                if case .ready = shared.state { return true }
                shared.state = .failed("\(error)")
                return false
            }
            log(.error, "\(error)" + (goesOn ? "; what was loaded before goes on" : "; until it is mended no message can be judged"))
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

/// C's thread function cannot be generic.
private protocol Runnable: AnyObject { func run() }

extension FileKeeper: Runnable {}
