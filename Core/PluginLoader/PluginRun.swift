import CPostern
import Mail
import Synchronization

/// One run of a plugin: START, then RESUME as answers come, to DONE or to the return of CANCEL. Everything happens on the run's loop (a session's,
/// a worker's, or a strand of the pool), but for `arrived`, by which answers come in from any thread, and `waits`.
///
///     waiting for its turn (serial plugins only) -> in step -> suspended -> in step ... -> ended
public final class PluginRun: FilterRun, @unchecked Sendable {
    // Sendable: bound to `loop`; `inbox` and `pending` have their locks.
    /// For whoever keeps several: its home's business.
    public let number: UInt64
    public var facts: FilterCall { memory.facts }
    public let loop: any SerialLoop
    private let instance: ModuleInstance
    private let events: @Sendable (FilterRunEvent) -> Void
    public let memory: CallMemory
    /// Kept by the run, so that it goes when no run of the session is left.
    private let gate: (SerialGate, CallOrigin.Sender)?
    private let draft: VerdictDraft
    private var builder: postern_verdict_builder
    private var frame: UnsafeMutableRawPointer?

    private var state = State.fresh
    private var isDetached = false
    /// `cancel` came while the plugin was in a step.
    private var cancelAfterStep: CancelReason?
    private let pending = Mutex<[UInt64: PendingOperation]>([:])
    private var lastOperation: UInt64 = 0
    private let startedAt: Timestamp
    private var busyNanoseconds: UInt64 = 0
    private let inbox = Mutex(Inbox())

    private enum State { case fresh, queued, inStep, suspended, ended }

    /// Answers that have come and were not yet handed over.
    private struct Inbox {
        var answers: [(UInt64, ServiceAnswer)] = []
        var isScheduled = false
    }

    public static let mostOperations = 256
    public static let longestTimer = Duration.seconds(3600)

    /// Call `start` next, on `loop`. `events` come on `loop`.
    public init(
        _ instance: ModuleInstance, _ call: borrowing FilterCall, number: UInt64 = 0, on loop: any SerialLoop,
        events: @escaping @Sendable (FilterRunEvent) -> Void
    ) {
        self.instance = instance
        self.number = number
        self.loop = loop
        self.events = events
        gate = instance.gate(of: call.session.id).map { ($0, CallOrigin(call).site) }
        memory = CallMemory(call, host: instance.module.services.host)
        draft = VerdictDraft(call, instance.module.rules)
        builder = VerdictDraft.builder(draft)
        startedAt = loop.now
        memory.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    /// The run that a plugin's call belongs to.
    static func of(_ call: UnsafePointer<postern_call>) -> Unmanaged<PluginRun> {
        .fromOpaque(CallMemory.of(call)._withUnsafeGuaranteedRef { $0.owner! })
    }

    var now: Timestamp { loop.now }
    private var home: any RunHome { instance.module.home }
    var services: ServiceTables { instance.module.services }
    /// The HTTP servers that it may ask.
    public var egress: Egress { instance.egress }
    private var phase: Phase { memory.facts.phase }

    // MARK: Steps

    public func start() { enter(POSTERN_START, []) }

    /// Calls the plugin, at once or when its turn comes.
    private func enter(_ reason: UInt32, _ answers: [(UInt64, ServiceAnswer)]) {
        guard let (gate, site) = gate else { return step(reason, answers) }
        if state == .fresh { state = .queued }
        gate.enter(on: loop, for: site) { [self] in
            // The run may have ended while it waited for its turn; a CANCEL is still owed.
            if state != .ended || reason == POSTERN_CANCEL { step(reason, answers) }
            gate.leave()
        }
    }

    private func step(_ reason: UInt32, _ answers: [(UInt64, ServiceAnswer)]) {
        let completions = answers.compactMap { complete($0.0, $0.1) }
        if reason == POSTERN_RESUME, completions.isEmpty { return }
        if state != .ended { state = .inStep }
        let began = MonotonicClock.nanoseconds
        let step = completions.withUnsafeBufferPointer { completions in
            memory.call.pointee.reason = reason
            memory.call.pointee.completions = completions.baseAddress
            memory.call.pointee.completion_count = UInt32(completions.count)
            return home.watch(self) {
                instance.module.library.plugin.pointee.on_phase(instance.pointer, memory.call, &frame, &builder)
            }
        }
        let took = MonotonicClock.nanoseconds &- began
        busyNanoseconds += took
        home.called(self, nanoseconds: took)
        guard state == .inStep else { return }
        state = .suspended
        after(step)
    }

    private func after(_ step: postern_step) {
        let kind = step & 0xFF
        if kind == POSTERN_DONE {
            if let failure = draft.failure {
                home.fault(.failed)
                return end(.error, failure)
            }
            return end(.done, "")
        }
        if let cancelAfterStep { return abandon(.cancelled(cancelAfterStep)) }
        guard kind == POSTERN_SUSPEND || kind == POSTERN_DETACH else {
            return abandon(.fault(.badStep, "returned the unknown step \(step)"))
        }
        guard !pending.withLock(\.isEmpty) else { return abandon(.fault(.stuck, "waits, but for nothing: no operation is under way")) }
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
            home.fault(fault)
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
        var verdict = Verdict(filter: memory.facts.slotName, phase: phase, result: result)
        if result == .done {
            verdict.symbols = draft.symbols
            verdict.proposals = draft.proposals
            verdict.requirements = draft.requirements
        }
        verdict.elapsed = loop.now - startedAt
        verdict.busy = .nanoseconds(Int64(clamping: busyNanoseconds))
        verdict.detail = detail
        if !draft.offences.isEmpty {
            for offence in draft.offences { home.fault(PluginFault(offence)) }
            let notes = "refused: " + draft.notes.joined(separator: ", ")
            verdict.detail = detail.isEmpty ? notes : detail + "; " + notes
        }
        events(.finished(verdict))
    }

    // MARK: FilterRun

    public func cancel(_ reason: CancelReason) {
        switch state {
        case .ended: break
        case .inStep: cancelAfterStep = cancelAfterStep ?? reason
        case .fresh, .queued, .suspended: abandon(.cancelled(reason))
        }
    }

    /// Tells a call that is under way on another thread that nobody waits for it any more. Any thread.
    public func warn() { memory.isCancelled.store(true, ordering: .relaxed) }

    /// It is over, or was warned. Any thread.
    public var isCancelled: Bool { memory.isCancelled.load(ordering: .relaxed) }

    /// Any thread.
    public var waits: [String] {
        pending.withLock { $0.sorted { $0.key < $1.key } }.map { $0.value.description(at: loop.now) }
    }

    // MARK: Operations

    /// Starts `count` operations together, or none. `request` gives each; `start` nil: the home performs it.
    func begin(
        _ count: Int, _ operations: UnsafeMutablePointer<UInt64>?, _ request: (Int) throws(Refusal) -> ServiceRequest,
        start: ((ServiceRequest, UInt64) -> any ServiceWork)? = nil
    ) -> postern_status {
        guard state == .inStep else { return POSTERN_GONE }
        guard let operations, count > 0 else { return POSTERN_INVALID }
        guard pending.withLock(\.count) + count <= Self.mostOperations else { return POSTERN_LIMIT }
        var requests: [ServiceRequest] = []
        requests.reserveCapacity(count)
        for i in 0..<count {
            do throws(Refusal) { requests.append(try request(i)) } catch { return error.status }
        }
        let since = loop.now
        for (i, request) in requests.enumerated() {
            lastOperation += 1
            let operation = lastOperation
            operations[i] = operation
            // Known before it is asked: the answer may come before `perform` returns.
            pending.withLock { $0[operation] = PendingOperation(request: request, since: since) }
            let work = start?(request, operation) ?? home.perform(request, operation: operation, for: self)
            pending.withLock { $0[operation]?.work = work }
        }
        return POSTERN_OK
    }

    /// An attempt at what the manifest does not declare.
    func note(_ offence: VerdictDraft.Offence, _ text: String) { draft.note(offence, text) }

    func cancelOperation(_ operation: UInt64) -> postern_status {
        guard state == .inStep else { return POSTERN_GONE }
        guard let dropped = pending.withLock({ $0.removeValue(forKey: operation) }) else { return POSTERN_GONE }
        dropped.work?.cancel()
        return POSTERN_OK
    }

    private func dropOperations() {
        let dropped = pending.withLock { pending in
            defer { pending = [:] }
            return pending
        }
        for operation in dropped.values { operation.work?.cancel() }
    }

    /// An answer is there. Any thread. Those that come together are handed over together.
    public func arrived(_ operation: UInt64, _ answer: ServiceAnswer) {
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
    private func complete(_ operation: UInt64, _ answer: ServiceAnswer) -> postern_completion? {
        guard pending.withLock({ $0.removeValue(forKey: operation) }) != nil else { return nil }
        var completion = postern_completion()
        completion.size = UInt32(MemoryLayout<postern_completion>.size)
        completion.operation = operation
        guard memory.hasRoom else {
            completion.status = POSTERN_LIMIT
            return completion
        }
        switch answer {
        case .nothing: break
        case .dns(let answer): completion.result = memory.result(of: answer)
        case .state(let answer): completion.result = memory.result(of: answer)
        case .http(let answer): completion.result = memory.result(of: answer)
        case .bytes(let bytes): completion.result = memory.result(of: bytes)
        case .failed(let text):
            completion.status = POSTERN_FAILED
            home.tell(text, of: self)
        }
        return completion
    }
}
