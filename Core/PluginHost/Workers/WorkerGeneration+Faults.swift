import Logging
import Mail
import PluginLoader
import WorkerLink

/// What became of runs whose worker died, and what is held against their messages. On the reactor's thread.
extension WorkerGeneration {
    /// Tries the next ones again, each in a worker that serves nothing else.
    func replayNext() {
        while replay.underWay < limits.retries, !replay.queue.isEmpty {
            let run = replay.queue.removeFirst()
            if run.isFinished { continue }
            replay.underWay += 1
            start(only: run.instance) { [weak self] process, _ in
                guard let self else { return }
                state.withLock { $0.runs[run.number] = Entry(run: run, process: process) }
                if run.enter(process, after: run.departures) { return }
                // Cancelled while the worker started.
                process.call(run.number, instance: run.instance, run.call, now: run.loop.now)
                goOn(run, in: process)
            } ended: { [weak self] why, start in
                self?.replayEnded(run, why, start)
            }
        }
    }

    /// It goes on without its session, for as long as a start may take.
    func goOn(_ run: WorkerRun, in process: WorkerProcess) {
        reactor.after(limits.start) { [weak self] in
            guard let self, state.withLock({ $0.runs[run.number]?.process === process }) else { return }
            cancel(run, in: process)
        }
    }

    private func replayEnded(_ run: WorkerRun, _ why: String, _ start: WorkerStart) {
        replay.underWay -= 1
        state.withLock { $0.runs[run.number] = nil }
        if !start.isReady {
            run.finish(run.verdict(.error, "no worker to try it again: \(start.failure ?? why)"))
        } else if why.hasPrefix(WorkerProcess.ownFault) {
            run.finish(run.verdict(.error, why))
        } else if why != Self.notNeeded, why != Self.didNotReturn {
            let pid = start.process.map { " \($0.pid)" } ?? ""
            logger.error("a message ended two workers, the second\(pid) alone: \(why)", metadata: Self.metadata(run.call))
            crashes.add(run.call, plugin: manifest.id, library: digest, now: run.loop.now)
            failed(run, "ended its worker twice, the second time alone: \(why)")
            run.leave(toReplay: false)
            run.finish(run.verdict(.crash, "ended its worker twice: \(why)"))
        }
        replayNext()
    }

    /// A failure that is the message's or the plugin's for sure.
    func failed(_ run: WorkerRun, _ why: String) {
        let (now, uptime) = (run.loop.now, run.loop.uptime)
        let rest = state.withLock { state -> PluginRest? in
            guard state.breaker.failed(CallOrigin(run.call), at: uptime), let end = state.breaker.restsUntil else { return nil }
            let rest = PluginRest(until: now + (end - uptime), reason: "failed for several senders, the last time: \(why)")
            state.rest = rest
            return rest
        }
        stats.fault(.crash)
        logger.error("\(why)", metadata: Self.metadata(run.call))
        if let rest {
            let seconds = (rest.until - now).components.seconds
            logger.critical("rests for \(seconds) s: it failed for several senders. Its filters end in errors until it is tried again")
        }
    }

    /// The findings as the manifest allows them.
    func verdict(_ run: WorkerRun, _ findings: WorkerFindings) -> Verdict {
        var verdict = run.verdict(findings.result, findings.detail)
        verdict.busy = .nanoseconds(Int64(clamping: findings.busyNanoseconds))
        let steps = max(1, findings.steps)
        for _ in 0..<min(steps, 64) { stats.called(nanoseconds: findings.busyNanoseconds / UInt64(steps), countsSlow: false) }
        if findings.result == .error { stats.fault(.failed) }
        guard findings.result == .done else { return verdict }
        let draft = VerdictDraft(run.call, rules)
        for symbol in findings.symbols {
            draft.add(
                symbol: symbol.name, factor: symbol.factor, detail: symbol.detail, part: symbol.part, recipients: symbol.recipients)
        }
        for proposal in findings.proposals { draft.add(proposal) }
        for requirement in findings.requirements { draft.add(requirement) }
        verdict.symbols = draft.symbols
        verdict.proposals = draft.proposals
        verdict.requirements = draft.requirements
        if !draft.notes.isEmpty {
            let notes = "refused: " + draft.notes.joined(separator: ", ")
            verdict.detail = verdict.detail.isEmpty ? notes : verdict.detail + "; " + notes
        }
        return verdict
    }

    static func metadata(_ call: FilterCall) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["filter": .string(call.slotName), "client": .string("\(call.session.client)")]
        if let id = call.queueID ?? call.message?.queueID { metadata["id"] = .string(id.description) }
        return metadata
    }
}
