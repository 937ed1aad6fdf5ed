import Mail

/// One filter run under way, with its deadline. Several slots may wait for the same run.
final class ActiveRun: @unchecked Sendable {
    // Bound to the loop that it was started on.
    private(set) var verdict: Verdict?
    private(set) var joinBefore: Phase?
    let phase: Phase
    /// The loop's uptime.
    let began: Duration
    private var run: (any FilterRun)?
    private var timer: (any ScheduledWork)?
    private var isCancelled = false
    private var settled: [@Sendable () -> Void] = []
    private var finished: [@Sendable () -> Void] = []

    init(_ planned: PlannedSlot, _ call: FilterCall, on loop: any SerialLoop, timeout: Duration) {
        phase = call.phase
        began = loop.uptime
        let run = planned.instance.start(call, on: loop) { [self] in receive($0) }
        if verdict == nil {
            self.run = run
            timer = loop.schedule(after: timeout) { [self] in cancel(.timeout) }
        }
    }

    /// What it waits for, for `postern inflight` and the log.
    var waits: [String] { run?.waits ?? [] }

    /// Now, if it is so already.
    func whenSettled(_ body: @escaping @Sendable () -> Void) {
        if verdict != nil || joinBefore != nil { body() } else { settled.append(body) }
    }

    /// Now, if it is so already.
    func whenFinished(_ body: @escaping @Sendable () -> Void) {
        if verdict != nil { body() } else { finished.append(body) }
    }

    func cancel(_ reason: CancelReason) {
        guard verdict == nil, let run else { return }
        isCancelled = true
        let waits = run.waits
        run.cancel(reason)
        // A home owes the verdict; a fault in it must not hold the message.
        if verdict == nil {
            var verdict = Verdict(filter: "", phase: phase, result: reason == .timeout ? .timeout : .cancelled)
            verdict.detail = waits.joined(separator: ", ")
            receive(.finished(verdict))
        }
    }

    private func receive(_ event: FilterRunEvent) {
        guard verdict == nil else { return }
        switch event {
        case .detached(let phase):
            guard joinBefore == nil else { return }
            joinBefore = phase
        case .finished(var verdict):
            // Whoever stops a run that nobody cancelled has failed: else it would count as if the filter did not exist.
            if verdict.result == .cancelled, !isCancelled { verdict.result = .error }
            self.verdict = verdict
            timer?.cancel()
            timer = nil
            run = nil
        }
        let settled = self.settled
        self.settled = []
        for body in settled { body() }
        if verdict != nil {
            let finished = self.finished
            self.finished = []
            for body in finished { body() }
        }
    }
}
