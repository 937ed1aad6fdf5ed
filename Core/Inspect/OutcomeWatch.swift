import Mail

/// Tells the filters of the phase `outcome` what became of what they had judged, in the order in which it happened. Nobody waits for them: there is a
/// queue in memory, bounded, and what does not fit is counted and forgotten, as is what a stop finds in it.
final class OutcomeWatch: @unchecked Sendable {
    // Sendable: bound to `loop`, but for `waiting`, which is atomic, and what never changes.

    /// One record and what it is about.
    struct Told: Sendable {
        var record: OutcomeRecord
        var origin: Origin
        /// With at most one recipient; nil before MAIL.
        var envelope: Envelope?
        var queueID: QueueID?
        var edge: [PlannedSlot]
        var domain: String?
        var slots: [PlannedSlot]
        var timeout: Duration
    }

    /// Who sent it.
    enum Origin: Sendable {
        case session(SessionFacts)
        /// As the store keeps it; read only here, on the watch's own loop.
        case stored(String, role: ListenerRole, headers: String)
    }

    /// Records that wait, and those that are being told.
    static let most = 10_000
    static let mostAtOnce = 64

    private let loop: any SerialLoop
    private let log: any MailLog
    private let metrics: InspectMetrics
    private let count = OutcomeCount()
    private var waiting: [Told] = []
    private var next = 0
    private var active = 0
    private var isPumping = false

    init(on loop: any SerialLoop, log: any MailLog, metrics: InspectMetrics) {
        self.loop = loop
        self.log = log
        self.metrics = metrics
    }

    /// Any thread.
    func take(_ told: Told) {
        guard count.enter(most: Self.most) else { return metrics.outcomeDropped() }
        loop.execute { [self] in
            waiting.append(told)
            pump()
        }
    }

    private func pump() {
        // A run that ends at once comes back here: the outer call goes on with it.
        if isPumping { return }
        isPumping = true
        var turn = 0
        while active < Self.mostAtOnce, next < waiting.count {
            if turn == Self.mostAtOnce {
                // Lets others have the loop.
                loop.execute { [self] in pump() }
                break
            }
            turn += 1
            let told = waiting[next]
            next += 1
            if next == waiting.count {
                waiting = []
                next = 0
            } else if next >= 1024 {
                waiting.removeFirst(next)
                next = 0
            }
            start(told)
        }
        isPumping = false
    }

    private func start(_ told: Told) {
        guard let (session, record) = Self.complete(told) else { return count.leave() }
        active += 1
        metrics.outcome(record.kind)
        var made = FilterCall(
            phase: .outcome, session: session, envelope: told.envelope,
            recipients: told.envelope?.recipients.isEmpty == false ? RecipientSet([0]) : .none, queueID: told.queueID, slotName: "")
        made.outcome = record
        let call = made
        run(told.edge, call, told) { [self] in
            var onBehalf = call
            onBehalf.domain = told.domain
            run(told.slots, onBehalf, told) { [self] in
                active -= 1
                count.leave()
                pump()
            }
        }
    }

    /// All of them at once: none can have anything of another.
    private func run(_ slots: [PlannedSlot], _ call: FilterCall, _ told: Told, then: @escaping @Sendable () -> Void) {
        if slots.isEmpty { return then() }
        let group = RunGroup(on: loop)
        group.run([slots], phase: .outcome) { [loop] planned in
            var named = call
            named.slotName = planned.slot.name
            return (ActiveRun(planned, named, on: loop, timeout: planned.slot.timeout ?? told.timeout), .all)
        } then: { [self] in
            group.join(before: nil) { [self] in
                for verdict in group.verdicts { note(verdict, told) }
                then()
            }
        }
    }

    private func note(_ verdict: Verdict, _ told: Told) {
        metrics.ran(verdict)
        if verdict.result == .done { return }
        log.write(
            MailEvent(
                "unobserved", queueID: told.queueID,
                [
                    ("filter", .text(verdict.filter)), ("outcome", .text(told.record.kind.word)),
                    ("result", .text(verdict.result.rawValue)),
                    ("detail", .text(verdict.detail)),
                ]))
    }

    /// nil: a message of our own.
    private static func complete(_ told: Told) -> (SessionFacts, OutcomeRecord)? {
        var record = told.record
        if record.text.utf8.count > OutcomeRecord.longestText {
            record.text = String(decoding: record.text.utf8.prefix(OutcomeRecord.longestText), as: UTF8.self)
        }
        if record.symbols.count > OutcomeRecord.mostSymbols { record.symbols = Array(record.symbols.prefix(OutcomeRecord.mostSymbols)) }
        switch told.origin {
        case .session(let session): return (session, record)
        case .stored(let json, let role, let headers):
            guard json != SessionRecord.ofNobody, var (session, _) = SessionRecord.read(json) else { return nil }
            session.role = role
            record.symbols = TraceHeaders.symbols(in: headers)
            return (session, record)
        }
    }
}
