import CLinux
import Glibc
import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// One thread that watches all workers: their doorbells, ends and words, and the time. What starts a worker runs here too, since the kernel
/// ends a worker with the thread that started it.
final class WorkerReactor: @unchecked Sendable {
    // Sendable: `state` has its lock; the rest belongs to the thread.
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let bell: Doorbell
    private let ringer: Doorbell
    private let epoll: Int32
    private var handlers: [UInt64: () -> Void] = [:]
    private var lastHandler: UInt64 = 0
    /// By pid, until they are reaped.
    var live: [Int32: WorkerProcess] = [:]
    private var timers: [(due: UInt64, body: () -> Void)] = []
    /// Whom its workers are.
    let users = UserPool()

    /// nil without descriptors.
    init?() {
        guard let (bell, ringer) = Doorbell.pair() else { return nil }
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else {
            close(bell.descriptor)
            close(ringer.descriptor)
            return nil
        }
        self.bell = bell
        self.ringer = ringer
        watch(bell.descriptor) { [bell] in bell.clear() }
        var thread = pthread_t()
        let me = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(&thread, nil, { Unmanaged<WorkerReactor>.fromOpaque($0!).takeRetainedValue().run() }, me)
        precondition(code == 0, "no thread for the workers can be made")
        pthread_detach(thread)
    }

    deinit {
        close(epoll)
        close(bell.descriptor)
        close(ringer.descriptor)
    }

    /// Runs `body` on the thread, soon and in order. Any thread.
    func execute(_ body: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            if state.isStopped { return false }
            state.work.append(body)
            return state.work.count == 1
        }
        if isFirst { ringer.ring() }
    }

    /// Ends all workers, then the thread when they are gone, after what was handed to it before. Any thread.
    func stop() {
        execute { [self] in
            for process in live.values { process.end(WorkerGeneration.notNeeded) }
            state.withLock { $0.isStopped = true }
        }
    }

    // MARK: On the thread

    /// Calls `handler` while there is something to read; gives the name for `forget`.
    @discardableResult
    func watch(_ descriptor: Int32, _ handler: @escaping () -> Void) -> UInt64 {
        lastHandler += 1
        handlers[lastHandler] = handler
        var event = epoll_event(events: UInt32(EPOLLIN.rawValue), data: epoll_data_t(u64: lastHandler))
        epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        return lastHandler
    }

    /// Before the descriptor is closed.
    func forget(_ name: UInt64, _ descriptor: Int32) {
        handlers[name] = nil
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
    }

    func after(_ delay: Duration, _ body: @escaping () -> Void) {
        let due = MonotonicClock.nanoseconds + UInt64(max(0, delay.microseconds)) * 1000
        let place = timers.firstIndex { $0.due > due } ?? timers.count
        timers.insert((due, body), at: place)
    }

    private func run() -> UnsafeMutableRawPointer? {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while !state.withLock(\.isStopped) {
            let work = state.withLock { state in
                defer { state.work = [] }
                return state.work
            }
            for body in work { body() }
            let now = MonotonicClock.nanoseconds
            while let first = timers.first, first.due <= now {
                timers.removeFirst()
                first.body()
            }
            // Looked at in any case: one worker that always has something to say must not keep the others from being heard.
            let isBusy = state.withLock { !$0.work.isEmpty }
            let wait = isBusy ? 0 : timers.first.map { Int32(clamping: ($0.due - min($0.due, now)) / 1_000_000 + 1) } ?? -1
            let count = epoll_wait(epoll, &events, Int32(events.count), wait)
            for i in 0..<max(0, Int(count)) { handlers[events[i].data.u64]?() }
        }
        reap()
        return nil
    }

    /// Those that were ended just now. One that the kernel holds for longer is not waited for.
    private func reap() {
        for _ in 0..<2000 {
            for pid in live.keys where waitpid(pid, nil, WNOHANG) != 0 { live[pid] = nil }
            if live.isEmpty { return }
            usleep(1000)
        }
    }
}
