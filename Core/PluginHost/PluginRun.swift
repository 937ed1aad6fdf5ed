import CPostern
import Mail
import PluginLoader
import Synchronization

/// One run of a plugin: START, then RESUME as answers come, to DONE or to the return of CANCEL. Everything happens on the run's loop, but for
/// `arrived`, by which answers come in from any thread.
///
///     waiting for its turn (serial plugins only) -> in step -> suspended -> in step ... -> ended
final class PluginRun: FilterRun, @unchecked Sendable {
    // Sendable: bound to `loop`; `inbox` has its lock.
    private let instance: PluginInstance
    private let loop: any SerialLoop
    private let phase: Phase
    private let slotName: String
    /// What the journal notes of each call.
    private let stretch: CriticalStretch
    private let events: @Sendable (FilterRunEvent) -> Void
    private let memory: CallMemory
    private let draft: VerdictDraft
    private var builder: postern_verdict_builder
    private var frame: UnsafeMutableRawPointer?

    private var state = State.fresh
    private var isDetached = false
    /// `cancel` came while the plugin was in a step.
    private var cancelAfterStep: CancelReason?
    private var pending: [UInt64: PendingOperation] = [:]
    private var lastOperation: UInt64 = 0
    private let startedAt: Timestamp
    private var busyNanoseconds: UInt64 = 0
    private let inbox = Mutex(Inbox())

    private enum State { case fresh, queued, inStep, suspended, ended }

    /// Answers that have come and were not yet handed over.
    private struct Inbox {
        var answers: [(UInt64, DNSAnswer?)] = []
        var isScheduled = false
    }

    static let mostOperations = 256
    static let longestTimer = Duration.seconds(3600)

    init(
        _ instance: PluginInstance, _ call: FilterCall, _ loop: any SerialLoop, _ events: @escaping @Sendable (FilterRunEvent) -> Void
    ) {
        self.instance = instance
        self.loop = loop
        self.events = events
        phase = call.phase
        slotName = call.slotName
        stretch = CriticalStretch(
            digest: call.message?.digest, queueID: call.queueID, session: call.session.id, client: call.session.client, phase: call.phase,
            filter: call.slotName)
        memory = CallMemory(call, host: instance.generation.services.host)
        draft = VerdictDraft(call, instance.generation.rules)
        builder = VerdictDraft.builder(draft)
        startedAt = loop.now
        memory.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    /// The run that a plugin's call belongs to.
    static func of(_ call: UnsafePointer<postern_call>) -> Unmanaged<PluginRun> {
        .fromOpaque(CallMemory.of(call)._withUnsafeGuaranteedRef { $0.owner! })
    }

    var now: Timestamp { loop.now }
    private var stats: PluginStats { instance.generation.stats }

    // MARK: Steps

    func start() {
        stats.began()
        enter(POSTERN_START, [])
    }

    /// Calls the plugin, at once or when its turn comes.
    private func enter(_ reason: UInt32, _ answers: [(UInt64, DNSAnswer?)]) {
        guard let gate = instance.gate else { return step(reason, answers) }
        if state == .fresh { state = .queued }
        gate.enter(on: loop) { [self] in
            // The run may have ended while it waited for its turn; a CANCEL is still owed.
            if state != .ended || reason == POSTERN_CANCEL { step(reason, answers) }
            gate.leave()
        }
    }

    private func step(_ reason: UInt32, _ answers: [(UInt64, DNSAnswer?)]) {
        let completions = answers.compactMap { complete($0.0, $0.1) }
        if reason == POSTERN_RESUME, completions.isEmpty { return }
        if state != .ended { state = .inStep }
        let began = MonotonicClock.nanoseconds
        let step = completions.withUnsafeBufferPointer { completions in
            memory.call.pointee.reason = reason
            memory.call.pointee.completions = completions.baseAddress
            memory.call.pointee.completion_count = UInt32(completions.count)
            return instance.generation.journal.watch(stretch) {
                instance.generation.library.plugin.pointee.on_phase(instance.pointer, memory.call, &frame, &builder)
            }
        }
        let took = MonotonicClock.nanoseconds &- began
        busyNanoseconds += took
        stats.called(nanoseconds: took)
        guard state == .inStep else { return }
        state = .suspended
        after(step)
    }

    private func after(_ step: postern_step) {
        let kind = step & 0xFF
        if kind == POSTERN_DONE {
            if let failure = draft.failure {
                stats.fault(.failed)
                return end(.error, failure)
            }
            return end(.done, "")
        }
        if let cancelAfterStep { return abandon(.cancelled(cancelAfterStep)) }
        guard kind == POSTERN_SUSPEND || kind == POSTERN_DETACH else {
            return abandon(.fault(.badStep, "returned the unknown step \(step)"))
        }
        guard !pending.isEmpty else { return abandon(.fault(.stuck, "waits, but for nothing: no operation is under way")) }
        guard kind == POSTERN_DETACH, !isDetached else { return }
        guard phase < .data, let join = Phase(rawValue: Int(step >> 8)), join > phase, join <= .data else {
            return abandon(.fault(.badStep, "detached from \(phase) before phase \(step >> 8), which makes no sense"))
        }
        isDetached = true
        events(.detached(joinBefore: join))
    }

    private enum Reason {
        case cancelled(CancelReason)
        case fault(PluginFault, String)
    }

    /// Ends the run without its consent: CANCEL, exactly once.
    private func abandon(_ reason: Reason) {
        let waited = waits
        let mustCancel = state == .suspended
        state = .ended
        memory.isCancelled.store(true, ordering: .relaxed)
        dropOperations()
        if mustCancel { enter(POSTERN_CANCEL, []) }
        switch reason {
        case .cancelled(.sessionEnded): finish(.cancelled, "")
        case .cancelled(.timeout):
            let more = waited.count > 3 ? " and \(waited.count - 3) more" : ""
            finish(.timeout, waited.isEmpty ? "waiting for its turn" : "waiting for " + waited.prefix(3).joined(separator: ", ") + more)
        case .fault(let fault, let text):
            stats.fault(fault)
            finish(.error, text)
        }
    }

    private func end(_ result: FilterResult, _ detail: String) {
        state = .ended
        memory.isCancelled.store(true, ordering: .relaxed)
        dropOperations()
        finish(result, detail)
    }

    private func finish(_ result: FilterResult, _ detail: String) {
        stats.ended()
        var verdict = Verdict(filter: slotName, phase: phase, result: result)
        if result == .done {
            verdict.symbols = draft.symbols
            verdict.proposals = draft.proposals
        }
        verdict.elapsed = loop.now - startedAt
        verdict.busy = .nanoseconds(Int64(clamping: busyNanoseconds))
        verdict.detail = detail
        if !draft.offences.isEmpty {
            for offence in draft.offences { stats.fault(PluginFault(offence)) }
            let notes = "refused: " + draft.notes.joined(separator: ", ")
            verdict.detail = detail.isEmpty ? notes : detail + "; " + notes
        }
        events(.finished(verdict))
    }

    // MARK: FilterRun

    func cancel(_ reason: CancelReason) {
        switch state {
        case .ended: break
        case .inStep: cancelAfterStep = cancelAfterStep ?? reason
        case .fresh, .queued, .suspended: abandon(.cancelled(reason))
        }
    }

    var waits: [String] {
        pending.sorted { $0.key < $1.key }.map { $0.value.description(at: loop.now) }
    }

    // MARK: Operations

    private func admit(_ count: Int) -> postern_status {
        guard state == .inStep else { return POSTERN_GONE }
        return pending.count + count <= Self.mostOperations ? POSTERN_OK : POSTERN_LIMIT
    }

    func resolve(
        _ questions: UnsafePointer<postern_dns_question>?, _ count: Int, _ stride: Int, _ operations: UnsafeMutablePointer<UInt64>?
    ) -> postern_status {
        let status = admit(count)
        guard status == POSTERN_OK else { return status }
        guard let questions, let operations, count > 0, stride >= MemoryLayout<postern_dns_question>.size, stride % 8 == 0 else {
            return POSTERN_INVALID
        }
        var asked: [DNSQuestion] = []
        asked.reserveCapacity(count)
        for i in 0..<count {
            let question = UnsafeRawPointer(questions).load(fromByteOffset: i * stride, as: postern_dns_question.self)
            let name = question.name.buffer
            guard !name.isEmpty, name.count <= 1024, question.type <= UInt16.max, name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return POSTERN_INVALID
            }
            asked.append(DNSQuestion(String(decoding: name, as: UTF8.self), DNSType(rawValue: UInt16(question.type))))
        }
        let since = loop.now
        for (i, question) in asked.enumerated() {
            lastOperation += 1
            let operation = lastOperation
            operations[i] = operation
            // Known before it is asked: the answer may come before `resolve` returns.
            pending[operation] = PendingOperation(kind: .dns(question, nil), since: since)
            let query = instance.generation.services.resolver.resolve(question) { [self] in arrived(operation, $0) }
            pending[operation]?.kind = .dns(question, query)
        }
        return POSTERN_OK
    }

    func startTimer(_ microseconds: UInt64, _ operation: UnsafeMutablePointer<UInt64>?) -> postern_status {
        let status = admit(1)
        guard status == POSTERN_OK else { return status }
        guard let operation, microseconds <= UInt64(Self.longestTimer.microseconds) else { return POSTERN_INVALID }
        lastOperation += 1
        let id = lastOperation
        operation.pointee = id
        let delay = Duration.microseconds(Int64(microseconds))
        let work = loop.schedule(after: delay) { [self] in arrived(id, nil) }
        pending[id] = PendingOperation(kind: .timer(delay, work), since: loop.now)
        return POSTERN_OK
    }

    func cancelOperation(_ operation: UInt64) -> postern_status {
        guard state == .inStep else { return POSTERN_GONE }
        guard let dropped = pending.removeValue(forKey: operation) else { return POSTERN_GONE }
        dropped.cancel()
        return POSTERN_OK
    }

    private func dropOperations() {
        let dropped = pending
        pending = [:]
        for operation in dropped.values { operation.cancel() }
    }

    /// An answer is there. Any thread. Those that come together are handed over together.
    private func arrived(_ operation: UInt64, _ answer: DNSAnswer?) {
        let mustSchedule = inbox.withLock { inbox in
            inbox.answers.append((operation, answer))
            defer { inbox.isScheduled = true }
            return !inbox.isScheduled
        }
        if mustSchedule { loop.execute { [self] in deliver() } }
    }

    private func deliver() {
        let answers = inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return inbox.answers
        }
        if state == .suspended { enter(POSTERN_RESUME, answers) }
    }

    /// nil for what nobody waits for any more.
    private func complete(_ operation: UInt64, _ answer: DNSAnswer?) -> postern_completion? {
        guard pending.removeValue(forKey: operation) != nil else { return nil }
        return postern_completion(
            size: UInt32(MemoryLayout<postern_completion>.size), status: POSTERN_OK, operation: operation,
            result: answer.map { memory.result(of: $0) })
    }
}
