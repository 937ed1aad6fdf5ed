import Dispatch
import Glibc
import InFlight
import Logging
import NIOCore
import Synchronization

/// Asks every event loop once a second whether it still turns. One that does not is named in the log, with what holds it; when that is a
/// filter in this process, or the gateway's own reading of a message, and does not come back, the gateway dies as by a crash, so that the
/// supervisor starts it again and the message is known: half of the mail would wait for ever instead.
final class LoopWatch: @unchecked Sendable {
    // Sendable: nothing changes after init but what is atomic or has its lock; the timer is thread-safe.
    private final class Watched: Sendable {
        let loop: any EventLoop
        /// It has answered the last question.
        let hasAnswered = Atomic(true)
        /// Its thread, as it said itself; 0: it has not yet.
        let thread = Atomic<UInt64>(0)
        let patience = Mutex(LoopPatience())
        init(_ loop: any EventLoop) { self.loop = loop }
    }

    private let loops: [Watched]
    private let journal: MappedJournal
    private let isSupervised: Bool
    private let logger: Logger
    private let queue = DispatchQueue(label: "postern.loop-watch")
    private let timer: any DispatchSourceTimer

    /// `isSupervised`: somebody starts the gateway again.
    init(_ group: any EventLoopGroup, journal: MappedJournal, isSupervised: Bool, logger: Logger) {
        loops = group.makeIterator().map { Watched($0) }
        self.journal = journal
        self.isSupervised = isSupervised
        self.logger = logger
        timer = DispatchSource.makeTimerSource(queue: queue)
    }

    func start() {
        timer.schedule(deadline: .now() + 1, repeating: 1)
        timer.setEventHandler { [unowned self] in look() }
        timer.activate()
    }

    /// Nothing is asked any more when this returns. Before the loops are shut down.
    func stop() {
        timer.activate()
        timer.cancel()
        queue.sync {}
    }

    private func look() {
        for watched in loops {
            let hasAnswered = watched.hasAnswered.load(ordering: .acquiring)
            let thread = watched.thread.load(ordering: .relaxed)
            let finding = watched.patience.withLock { $0.look(answered: hasAnswered, thread == 0 ? nil : journal.stretch(of: thread)) }
            if let finding { tell(finding, thread) }
            // One question at a time: a loop that is silent is not given ever more work.
            guard hasAnswered else { continue }
            watched.hasAnswered.store(false, ordering: .relaxed)
            watched.loop.execute {
                watched.thread.store(UInt64(pthread_self()), ordering: .relaxed)
                watched.hasAnswered.store(true, ordering: .releasing)
            }
        }
    }

    private func tell(_ finding: LoopPatience.Finding, _ thread: UInt64) {
        switch finding {
        case .answers(let seconds): logger.warning("an event loop that was held answers again after \(seconds) s")
        case .silent(let seconds, let found):
            let culprit = found.map { "\($0) holds it" } ?? "nothing of a message's is under way on it"
            logger.critical("an event loop has not answered for \(seconds) s, and the sessions on it wait: \(culprit)")
        case .stuck(let found):
            let mend = found.stretch.filter.isEmpty ? "start the gateway again" : "start the gateway again, and run the filter in a worker"
            let next = isSupervised ? "the gateway ends, and is started again" : mend
            logger.critical("an event loop has not answered for at least \(LoopPatience.most) s, \(found) does not come back: \(next)")
            if isSupervised { end(pthread_t(thread)) }
        }
    }

    /// By a signal that `CrashMark` hears on the thread that is held: SIGTRAP, since threads that a pool has started hold most others back.
    /// Again, because whoever writes a backtrace after it expects the instruction to fail once more, and this one does not.
    private func end(_ thread: pthread_t) {
        for _ in 0..<60 {
            pthread_kill(thread, SIGTRAP)
            sleep(1)
        }
    }
}
