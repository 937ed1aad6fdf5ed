import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// A run in a worker, seen from its session's loop. The worker may die under it: then the generation gives it another one, once.
final class WorkerRun: FilterRun, @unchecked Sendable {
    // Sendable: `state` has its lock; the rest does not change. `events` is called on `loop`.
    let number: UInt64
    let instance: UInt32
    private let egress: Egress
    let call: FilterCall
    let loop: any SerialLoop
    private let generation: WorkerGeneration
    private let events: @Sendable (FilterRunEvent) -> Void
    private let startedAt: Timestamp
    private let state = Mutex(State())

    private struct State {
        var process: WorkerProcess?
        var isFinished = false
        var isDetached = false
        var isReplayed = false
        var departures = 0
        var pending: [UInt64: (request: ServiceRequest, since: Timestamp, work: (any ServiceWork)?)] = [:]
        var answers: [(operation: UInt64, answer: ServiceAnswer)] = []
        var isScheduled = false
    }

    init(
        _ number: UInt64, instance: UInt32, egress: Egress, _ call: FilterCall, on loop: any SerialLoop, of generation: WorkerGeneration,
        events: @escaping @Sendable (FilterRunEvent) -> Void
    ) {
        self.number = number
        self.instance = instance
        self.egress = egress
        self.call = call
        self.loop = loop
        self.generation = generation
        self.events = events
        startedAt = loop.now
    }

    var isFinished: Bool { state.withLock(\.isFinished) }
    /// True from when it is tried again alone.
    var isReplayed: Bool { state.withLock(\.isReplayed) }

    // MARK: What the generation does. Any thread

    /// How often it has left a worker: who enters it says for which time.
    var departures: Int { state.withLock(\.departures) }

    /// Runs in `process` from now on, from its START. False: it is over, or has left that worker before it came.
    func enter(_ process: WorkerProcess, after departures: Int) -> Bool {
        let isIn = state.withLock { state in
            if state.isFinished || state.departures != departures { return false }
            state.process = process
            return true
        }
        guard isIn else { return false }
        process.call(number, instance: instance, call, now: loop.now)
        // A cancel in between came before the call, and meant nothing to the worker.
        if isFinished { process.send(GatewayMessage.cancel(run: number).record) }
        return true
    }

    /// Its worker is gone: what it had asked for is nobody's any more.
    func leave(toReplay: Bool) {
        let dropped = state.withLock { state in
            state.process = nil
            state.departures += 1
            state.isReplayed = state.isReplayed || toReplay
            state.answers = []
            defer { state.pending = [:] }
            return state.pending
        }
        for operation in dropped.values { operation.work?.cancel() }
    }

    /// The worker asks for something.
    func perform(_ operations: [(operation: UInt64, request: ServiceRequest)], by services: GatewayServices) {
        for (operation, request) in operations {
            let isTaken = state.withLock { state in
                guard !state.isFinished, state.pending[operation] == nil, state.pending.count < PluginRun.mostOperations else {
                    return false
                }
                state.pending[operation] = (request, loop.now, nil)
                return true
            }
            let process = state.withLock(\.process)
            guard isTaken else {
                process?.send(GatewayMessage.resume(run: number, now: loop.now, [(operation, .failed("too many at once"))]).record)
                continue
            }
            let answer: @Sendable (ServiceAnswer) -> Void = { [self] in answered(operation, $0, in: process) }
            let work: any ServiceWork =
                if case .timer(let delay) = request {
                    TimerWork(timer: loop.schedule(after: delay) { answer(.nothing) })
                } else {
                    services.perform(request, of: generation.manifest.id, domain: call.domain, egress: egress, answer: answer) ?? NoWork()
                }
            // It may have been cancelled, or answered, meanwhile.
            let isWanted = state.withLock { state in
                guard state.pending[operation] != nil else { return false }
                state.pending[operation]!.work = work
                return true
            }
            if !isWanted { work.cancel() }
        }
    }

    func giveUp(_ operation: UInt64) { state.withLock { $0.pending.removeValue(forKey: operation) }?.work?.cancel() }

    /// Those that come together go together.
    private func answered(_ operation: UInt64, _ answer: ServiceAnswer, in process: WorkerProcess?) {
        let mustSchedule = state.withLock { state in
            guard state.process === process, state.pending.removeValue(forKey: operation) != nil else { return false }
            state.answers.append((operation, answer))
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        guard mustSchedule else { return }
        loop.execute { [self] in
            let (answers, process) = state.withLock { state in
                defer {
                    state.answers = []
                    state.isScheduled = false
                }
                return (state.answers, state.process)
            }
            for start in stride(from: 0, to: answers.count, by: PluginRun.mostOperations) {
                let piece = Array(answers[start..<min(start + PluginRun.mostOperations, answers.count)])
                process?.send(GatewayMessage.resume(run: number, now: loop.now, piece).record)
            }
        }
    }

    func detach(before phase: Phase) {
        let isFirst = state.withLock { state in
            defer { state.isDetached = true }
            return !state.isDetached && !state.isFinished
        }
        if isFirst { loop.execute { [self] in if !isFinished { events(.detached(joinBefore: phase)) } } }
    }

    /// The end, wherever it comes from: the first counts.
    func finish(_ verdict: Verdict) {
        loop.execute { [self] in settle(verdict) }
    }

    /// On the loop.
    private func settle(_ verdict: Verdict) {
        let isFirst = state.withLock { state in
            defer { state.isFinished = true }
            return !state.isFinished
        }
        guard isFirst else { return }
        var verdict = verdict
        verdict.elapsed = loop.now - startedAt
        events(.finished(verdict))
    }

    func verdict(_ result: FilterResult, _ detail: String) -> Verdict {
        var verdict = Verdict(filter: call.slotName, phase: call.phase, result: result)
        verdict.detail = detail
        return verdict
    }

    // MARK: FilterRun

    func cancel(_ reason: CancelReason) {
        let waits = reason == .timeout ? self.waits : []
        // Whoever enters it from now on is turned away; what has entered before is told.
        let (isFirst, process) = state.withLock { state in
            defer { state.isFinished = true }
            return (!state.isFinished, state.process)
        }
        guard isFirst else { return }
        var verdict = verdict(
            reason == .timeout ? .timeout : .cancelled, waits.isEmpty ? "" : "waiting for " + waits.prefix(3).joined(separator: ", "))
        verdict.elapsed = loop.now - startedAt
        leave(toReplay: false)
        generation.cancelled(self, in: process)
        events(.finished(verdict))
    }

    var waits: [String] {
        let now = loop.now
        let (pending, process) = state.withLock { ($0.pending, $0.process) }
        if !pending.isEmpty { return pending.sorted { $0.key < $1.key }.map { "\($0.value.request) \((now - $0.value.since).inTenths)" } }
        let age = (now - startedAt).inTenths
        return [process == nil ? "a worker \(age)" : "its worker (pid \(process!.pid)) \(age)"]
    }
}
