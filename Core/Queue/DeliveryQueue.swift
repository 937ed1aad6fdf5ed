import Mail
import Synchronization

/// Judges held copies again: gets the message with its body and its held copies, and answers with what becomes of them.
public typealias Reinspection = @Sendable (StoredMessage, @escaping @Sendable ([RecipientChange]) -> Void) -> Void

/// What goes to the mailboxes of a domain of ours instead of the copy of a DSN: itself, or those to which its mailbox redirects.
public typealias Redirect = @Sendable (StoredRecipient, PolicySnapshot) -> [StoredRecipient]

/// The queue: carries out what `QueueCore` decides. Bound to one loop; the public calls come from any thread.
public final class DeliveryQueue: @unchecked Sendable {
    // Sendable: all variables are touched on `loop` only.
    let store: any MessageStore
    let client: any NextHopClient
    let policy: any PolicySource
    let log: any MailLog
    let loop: any SerialLoop
    let reinspect: Reinspection
    let redirect: Redirect
    let outcomes: any OutcomeObserver
    /// Queue IDs for DSNs.
    let makeID: @Sendable (Timestamp) -> QueueID
    let metrics = QueueMetrics()
    var core: QueueCore
    private var clock: QueueClock
    var fresh: FreshMessages
    var random: SeededRandom
    var attempts: [QueueCore.Item: Attempt] = [:]
    private var timer: (due: Timestamp, work: any ScheduledWork)?
    private var isPumping = false
    private var stopped: (@Sendable () -> Void)?

    /// While what the last run left is taken up.
    var loading: Loading?
    let progress = Mutex<LoadProgress?>(nil)
    var survey: Survey?
    /// Those that wait for the next survey.
    var asking: [Survey.Completion] = []

    /// After a read of the store that failed.
    static let readRetry = Duration.seconds(60)

    /// `memory`: bytes of messages that may be kept for their first attempt. `seed`: for the jitter.
    public init(
        store: any MessageStore, client: any NextHopClient, policy: any PolicySource, log: any MailLog, loop: any SerialLoop, seed: UInt64,
        memory: Int = 64 << 20, makeID: @escaping @Sendable (Timestamp) -> QueueID, redirect: @escaping Redirect = { copy, _ in [copy] },
        outcomes: any OutcomeObserver = NoOutcomeObserver(), reinspect: @escaping Reinspection
    ) {
        self.store = store
        self.client = client
        self.policy = policy
        self.log = log
        self.loop = loop
        self.reinspect = reinspect
        self.redirect = redirect
        self.outcomes = outcomes
        self.makeID = makeID
        let queue = policy.current.queue
        core = QueueCore(
            concurrency: queue.concurrency, schedule: RetrySchedule(first: queue.retryFirst, most: queue.retryMost), seed: seed)
        clock = QueueClock(wall: loop.now, uptime: loop.uptime)
        fresh = FreshMessages(budget: memory)
        random = SeededRandom(seed: seed &+ 1)
    }

    /// A message that the store has just committed. With its region, the first attempt need not read it back.
    public func enqueue(_ message: StoredMessage) {
        loop.execute { [self] in
            add(message, isFresh: true)
            pump()
        }
    }

    /// Starts no more attempts; the completion (on the loop) comes when none is under way.
    public func stop(completion: @escaping @Sendable () -> Void) {
        loop.execute { [self] in
            core.isStopping = true
            timer?.work.cancel()
            timer = nil
            stopped = completion
            stopLoading()
            stopIfIdle()
        }
    }

    func stopIfIdle() {
        guard core.isStopping, core.running == 0, loading == nil, let done = stopped else { return }
        stopped = nil
        done()
    }

    /// Each destination's copies, and the held ones, with the earliest time among them.
    func add(_ message: StoredMessage, isFresh: Bool = false) {
        let policy = policy.current
        let latest = latest(policy.queue)
        // Most messages have one.
        var due: [(destination: Destination?, time: Timestamp)] = []
        for copy in message.recipients where copy.state == .queued || copy.state == .held {
            let destination = copy.state == .held ? nil : Destination(of: copy, role: message.role, by: policy)
            if due.count < 16, let known = due.firstIndex(where: { $0.destination == destination }) {
                due[known].time = min(due[known].time, copy.nextAttempt)
            } else {
                due.append((destination, copy.nextAttempt))
            }
        }
        if isFresh { fresh.keep(message, for: Set(due.compactMap(\.destination))) }
        for (destination, time) in due { core.add(message.queueID, to: destination, due: min(queueTime(time), latest)) }
    }

    /// No stored time is taken for later than this: a clock that was wrong when it was stored must not stall a message.
    func latest(_ queue: QueuePolicy) -> Timestamp { now + max(queue.retryMost, .seconds(3600)) }

    // MARK: Time

    /// The queue's time, which the wall clock cannot set back.
    var now: Timestamp {
        clock.advance(wall: loop.now, uptime: loop.uptime)
        return clock.now
    }

    func wallTime(_ time: Timestamp) -> Timestamp { clock.wallTime(of: time) }

    /// Of a stored time.
    func queueTime(_ wall: Timestamp) -> Timestamp { clock.queueTime(ofWall: wall) }

    /// How old a message is, whatever has been done to the clock since.
    func age(_ message: StoredMessage) -> Duration {
        _ = now
        return clock.age(of: message.receivedAt)
    }

    /// Starts what may start, then sleeps until the next is due.
    func pump() {
        // An attempt that ends at once comes back here: the outer call goes on with it.
        if isPumping { return }
        isPumping = true
        let queue = policy.current.queue
        core.concurrency = max(1, queue.concurrency)
        core.schedule = RetrySchedule(first: queue.retryFirst, most: queue.retryMost)
        while true {
            let actions = core.advance(to: now)
            if actions.isEmpty { break }
            for action in actions {
                switch action {
                case .deliver(let item, let destination, let since):
                    begin(Attempt(item, to: destination, readySince: clock.wallTime(of: since)))
                case .suspend(let item, let destination, let outage):
                    begin(Attempt(item, to: destination, readySince: clock.wall, outage: outage))
                case .reinspect(let item): begin(Attempt(item, to: nil, readySince: clock.wall))
                }
            }
        }
        isPumping = false
        metrics.gauge(core)
        sleep()
        stopIfIdle()
    }

    private func begin(_ attempt: Attempt) {
        attempts[attempt.item] = attempt
        if attempt.destination == nil { inspectAgain(attempt) } else { deliver(attempt) }
    }

    /// The attempt is over; `next`: when there is something left to do, by the wall clock.
    func end(_ attempt: Attempt, next: Timestamp?) {
        attempts[attempt.item] = nil
        let now = now
        core.finished(attempt.item, next: next.map(queueTime), health: attempt.health, words: attempt.words, now: now)
        pump()
    }

    private func sleep() {
        guard !core.isStopping, let due = core.nextDue else { return }
        let now = now
        if let timer, timer.due <= due, timer.due > now { return }
        timer?.work.cancel()
        // Never very long: a wall clock that is set forward brings its due ones soon.
        let wait = min(max(.milliseconds(1), due - now), .seconds(60))
        timer = (
            now + wait,
            loop.schedule(after: wait) { [self] in
                loop.run { [self] in
                    timer = nil; pump()
                }
            }
        )
    }

    /// Records changes until the store has taken them, then goes on. What was said by a next hop is never thrown away for a full disk.
    func record(
        _ changes: [RecipientChange], telling notices: [SenderNotice] = [], wait: Duration = .seconds(1),
        outdated: (@Sendable () -> Void)? = nil, then next: @escaping @Sendable () -> Void
    ) {
        if changes.isEmpty { return next() }
        store.change(changes, adding: notices.map(\.message)) { [self] result in
            loop.execute { [self] in
                guard case .failure(let failure) = result else {
                    notices.forEach(committed)
                    return next()
                }
                if failure.kind == .outdated, let outdated { return outdated() }
                log.write(
                    MailEvent(
                        "unrecorded", queueID: changes[0].queueID, [("said", .text(failure.text)), ("copies", .integer(changes.count))]))
                // A stop does not wait for space: after the restart these copies are tried again.
                if core.isStopping { return next() }
                _ = loop.schedule(after: wait) { [self] in
                    loop.run { [self] in
                        record(changes, telling: notices, wait: min(wait * 2, .seconds(60)), outdated: outdated, then: next)
                    }
                }
            }
        }
    }
}
