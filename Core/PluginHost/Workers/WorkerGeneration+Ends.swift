import Mail
import PluginLoader

/// What follows when the worker that serves has ended. On the reactor's thread.
extension WorkerGeneration {
    func servingEnded(_ why: String, _ start: WorkerStart) {
        let process = start.process
        if !start.isReady {
            if start.hasSaidReady, givesUpNewSettings(start, why) { return startServing() }
            // Ended without a word: by somebody else, perhaps. What waits for it is worth another try.
            endedStarts += 1
            if start.failure == nil, endedStarts < 3 {
                logger.error("worker \(Self.name(process)) ended while it started: \(why); another is started")
                state.withLock { ($0.isStarting, $0.starting) = (false, nil) }
                return startServing()
            }
            endedStarts = 0
            return notStarted(start.failure ?? "its worker ended while it started: \(why)")
        }
        let lost = state.withLock { state in
            if state.serving === process { state.serving = nil }
            state.retiring.removeAll { $0 === process }
            state.refused = []
            let lost = state.runs.values.filter { $0.process === process }.map(\.run)
            for run in lost { state.runs[run.number] = nil }
            // The newest first: a message mostly ends a worker at its first step.
            return lost.sorted { $0.number > $1.number }
        }
        let open = lost.filter { !$0.isFinished }
        let isExpected = why == Self.notNeeded
        if !isExpected { stats.fault(.crash) }
        // Those that it was in a call of are suspects. Others go on in the next worker, once.
        let inCall = process?.inCall ?? []
        let suspects = open.filter { inCall.contains($0.number) || $0.departures > 0 }
        let others = open.filter { run in !suspects.contains { $0 === run } }
        if !isExpected {
            logger.error(
                "worker \(Self.name(process)) died: \(why); \(open.count) runs are tried again, \(suspects.count) of them alone"
            )
        }
        for run in others { run.leave(toReplay: false) }
        let serving = state.withLock { state in
            for run in others.reversed() {
                if let serving = state.serving {
                    state.runs[run.number] = Entry(run: run, process: serving)
                } else {
                    state.waiting.append(run)
                }
            }
            return state.serving
        }
        if let serving { for run in others.reversed() { enter(run, serving, after: run.departures) } }
        for run in suspects {
            run.leave(toReplay: true)
            replay.queue.append(run)
        }
        replayNext()
        let isNeeded = state.withLock { !$0.settings.isEmpty || !$0.waiting.isEmpty }
        failOpenChecks(why)
        guard isNeeded, !isExpected else { return }
        // One that dies young is not started again at once; one that dies with nothing under way dies of itself.
        let lived = Duration.nanoseconds(Int64(clamping: MonotonicClock.nanoseconds &- start.startedAt))
        if lived > .seconds(60) {
            pause = .zero
        } else if lost.isEmpty {
            pause = min(max(pause * 2, .milliseconds(500)), .seconds(30))
        } else {
            pause = min(max(pause * 2, .milliseconds(20)), .seconds(2))
        }
        startServing()
    }

    /// Settings that no worker has accepted yet may be what ended this one, and must not keep the mail of the others waiting: the next
    /// starts without them. False: there are none, or no others.
    private func givesUpNewSettings(_ start: WorkerStart, _ why: String) -> Bool {
        let refused = state.withLock { state in
            let new = state.answers.filter { start.missing.contains($0.key) }
            guard state.settings.keys.contains(where: { new[$0] == nil }) else { return new.filter { _ in false } }
            for id in new.keys {
                state.answers[id] = nil
                state.settings[id] = nil
            }
            if !new.isEmpty { (state.isStarting, state.starting) = (false, nil) }
            return new
        }
        if refused.isEmpty { return false }
        logger.error(
            "worker \(Self.name(start.process)) ended while it was given new settings: \(why); another is started without")
        for then in refused.values { then(.failure(SettingsRefusal(unasked: "its worker ended when it was given the settings: \(why)"))) }
        return true
    }

    /// Checks of settings die with the worker that was asked; instances are made again by the next.
    private func failOpenChecks(_ why: String) {
        let open = state.withLock { state in
            let open = state.answers.filter { state.settings[$0.key] == nil }
            for id in open.keys { state.answers[id] = nil }
            return open.values
        }
        let refusal = SettingsRefusal(unasked: "its worker ended: \(why)")
        for then in open { then(.failure(refusal)) }
    }

    /// For logs; empty: it never was.
    private static func name(_ process: WorkerProcess?) -> String { process.map { "\($0.pid)" } ?? "" }

    private func notStarted(_ why: String) {
        pause = min(max(pause * 2, .milliseconds(500)), .seconds(30))
        let (answers, waiting) = state.withLock { state in
            state.isStarting = false
            state.starting = nil
            defer {
                state.answers = [:]
                state.waiting = []
            }
            return (state.answers, state.waiting)
        }
        logger.error("no worker: \(why)")
        let refusal = SettingsRefusal(unasked: why)
        for then in answers.values { then(.failure(refusal)) }
        for run in waiting { run.finish(run.verdict(.error, "no worker: \(why)")) }
    }
}
