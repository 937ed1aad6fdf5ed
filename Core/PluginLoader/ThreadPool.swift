import Glibc
import Mail
import Synchronization

/// Threads that may block, for plugins of the class `blocking`. They are made when work waits that may have one, up to a limit, and stay. Which
/// work is next, and that one site's does not have all threads, is `FairQueue`'s to say.
public final class ThreadPool: @unchecked Sendable {
    // Sendable: `state` is guarded by `mutex`.
    private typealias Work = @Sendable () -> Void
    private let most: Int
    private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: FairQueue<CallOrigin.Sender?, Work>
    private var threads = 0
    private var idle = 0

    /// `threads`: the most that run at once.
    public init(threads: Int) {
        most = max(1, threads)
        queue = FairQueue(places: threads)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    /// Runs `body` on a thread of the pool: those of one site (nil: nobody's) in the order of the calls as far as threads are free. Any thread.
    public func execute(for site: CallOrigin.Sender? = nil, _ body: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        queue.append(body, of: site)
        call()
    }

    /// Sees to a thread for what is next. An idle one may have been called before; then it will call the next. With `mutex` held.
    private func call() {
        guard queue.hasNext else { return }
        if idle > 0 {
            pthread_cond_signal(condition)
        } else if threads < most {
            threads += 1
            start()
        }
    }

    /// Work that no thread has taken up.
    public var waiting: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return queue.count
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
        var last: CallOrigin.Sender??
        while true {
            // Not kept while there is nothing to do.
            let site: CallOrigin.Sender?
            do {
                let next = take(after: last)
                next.work()
                site = next.site
            }
            last = .some(site)
        }
    }

    /// `last`: whose work this thread has just done.
    private func take(after last: CallOrigin.Sender??) -> (site: CallOrigin.Sender?, work: Work) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if let last { queue.leave(last) }
        while true {
            if let next = queue.take() {
                call()
                return next
            }
            idle += 1
            pthread_cond_wait(condition, mutex)
            idle -= 1
        }
    }
}
