import Mail

/// The runs of one owner (a session, a transaction, one domain's part of a message): starts them step by step, joins the detached ones.
final class RunGroup: @unchecked Sendable {
    // Bound to its loop.
    private struct Entry {
        let planned: PlannedSlot
        let run: ActiveRun
        let recipients: RecipientSet
    }

    private let loop: any SerialLoop
    private var entries: [Entry] = []
    private var isCancelled = false
    private var isTimedOut = false

    init(on loop: any SerialLoop) { self.loop = loop }

    /// What has been found so far, in the order of the slots' starts.
    var verdicts: [Verdict] {
        entries.compactMap { entry in entry.run.verdict.map { entry.planned.attribute($0, to: entry.recipients) } }
    }

    /// Makes or shares the run of one slot.
    typealias Starter = @Sendable (PlannedSlot) -> (run: ActiveRun, recipients: RecipientSet)

    /// Runs the slots of `steps` that have `phase`. A step waits for the step before it, but not for what has detached.
    func run(_ steps: [[PlannedSlot]], phase: Phase, start: @escaping Starter, then: @escaping @Sendable () -> Void) {
        var next = 0
        while next < steps.count {
            let slots = steps[next].filter { $0.phases.contains(phase) }
            next += 1
            if isCancelled { return }
            let runs = slots.map { planned in
                let started = start(planned)
                entries.append(Entry(planned: planned, run: started.run, recipients: started.recipients))
                // No time left, but a verdict is still owed.
                if isTimedOut { started.run.cancel(.timeout) }
                return started.run
            }
            let open = Countdown(runs.count)
            for run in runs {
                run.whenSettled {
                    open.count -= 1
                    open.reached()
                }
            }
            if open.count > 0 {
                let rest = Array(steps[next...])
                open.then = { [self] in self.run(rest, phase: phase, start: start, then: then) }
                return
            }
        }
        if !isCancelled { then() }
    }

    /// Waits until every detached run that must be joined before `phase` (nil: every run) has finished.
    func join(before phase: Phase?, then: @escaping @Sendable () -> Void) {
        let runs = entries.map(\.run).filter { run in
            guard run.verdict == nil else { return false }
            guard let phase, let joinBefore = run.joinBefore else { return true }
            return joinBefore <= phase
        }
        let open = Countdown(runs.count)
        for run in runs {
            run.whenFinished {
                open.count -= 1
                open.reached()
            }
        }
        if open.count > 0 { open.then = { [self] in if !isCancelled { then() } } } else if !isCancelled { then() }
    }

    /// From now on no continuation of this group comes and nothing is started; what runs goes on until it is cancelled.
    func stop() { isCancelled = true }

    /// Ends every run. With `.sessionEnded` no continuation of this group comes any more; with `.timeout` all of them do, and what has not
    /// been started yet ends in a timeout as soon as it is.
    func cancel(_ reason: CancelReason) {
        switch reason {
        case .sessionEnded: stop()
        case .timeout: isTimedOut = true
        }
        for entry in entries { entry.run.cancel(reason) }
    }

    /// Its runs without a verdict, with their slots' names.
    var underWay: [(slot: String, run: ActiveRun)] {
        entries.compactMap { $0.run.verdict == nil ? ($0.planned.slot.name, $0.run) : nil }
    }
}

/// Counts down to a continuation that is set only when there is something to wait for.
private final class Countdown: @unchecked Sendable {
    // Bound to the group's loop.
    var count: Int
    var then: (@Sendable () -> Void)?

    init(_ count: Int) { self.count = count }

    func reached() {
        guard count == 0, let then else { return }
        self.then = nil
        then()
    }
}
