import DequeModule
import Glibc
import Mail
import Synchronization

/// Threads that may block, for plugins of the class `blocking`. They are made when work waits, up to a limit, and stay.
public final class ThreadPool: @unchecked Sendable {
    // Sendable: `state` is guarded by `mutex`.
    private let most: Int
    private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var work: Deque<@Sendable () -> Void> = []
    private var threads = 0
    private var idle = 0

    /// `threads`: the most that run at once.
    public init(threads: Int) {
        most = max(1, threads)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    /// Runs `body` on a thread of the pool, in the order of the calls as far as threads are free. Any thread.
    public func execute(_ body: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        work.append(body)
        // Idle ones may have been called already.
        if idle > 0 { pthread_cond_signal(condition) }
        if work.count > idle, threads < most {
            threads += 1
            start()
        }
    }

    /// Work that no thread has taken up.
    public var waiting: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return work.count
    }

    private func start() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 8 << 20)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        // The pool lives as long as its threads: they never end.
        let me = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(&thread, &attributes, { Unmanaged<ThreadPool>.fromOpaque($0!).takeUnretainedValue().run() }, me)
        if code != 0 {
            threads -= 1
            Unmanaged<ThreadPool>.fromOpaque(me).release()
            precondition(threads > 0, "no thread can be made")
        }
    }

    private func run() -> UnsafeMutableRawPointer? {
        while true { next()() }
    }

    private func next() -> @Sendable () -> Void {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while work.isEmpty {
            idle += 1
            pthread_cond_wait(condition, mutex)
            idle -= 1
        }
        return work.removeFirst()
    }
}
