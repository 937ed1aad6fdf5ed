import Mail
import PluginLoader

/// A run of a `blocking` plugin in the gateway's process, seen from its session's loop: the steps are on a strand of the pool, and who waits is
/// never held up by them.
final class PooledRun: FilterRun, @unchecked Sendable {
    // Sendable: bound to the session's loop but for `run`, which does not change after init.
    private let loop: any SerialLoop
    private let events: @Sendable (FilterRunEvent) -> Void
    private let strand: Strand
    /// Until the plugin has come back from it.
    private var run: PluginRun?
    private let startedAt: Timestamp
    private let facts: FilterCall
    private var isFinished = false

    init(
        _ instance: ModuleInstance, _ call: FilterCall, on loop: any SerialLoop, pool: ThreadPool,
        events: @escaping @Sendable (FilterRunEvent) -> Void
    ) {
        self.loop = loop
        self.events = events
        facts = call
        startedAt = loop.now
        strand = Strand(on: pool, clock: loop, for: CallOrigin(call).site)
        run = PluginRun(instance, call, on: strand) { [self] event in
            loop.execute {
                self.receive(event)
                if case .finished = event { self.run = nil }
            }
        }
    }

    func start() {
        // Not if it was cancelled while it waited for a thread.
        strand.execute { [run] in if let run, !run.isCancelled { run.start() } }
    }

    /// The verdict is there at once; the call that may be under way learns of it by `cancelled`, and its thread comes back when it returns.
    func cancel(_ reason: CancelReason) {
        guard !isFinished else { return }
        var verdict = Verdict(filter: facts.slotName, phase: facts.phase, result: reason == .timeout ? .timeout : .cancelled)
        verdict.elapsed = loop.now - startedAt
        if reason == .timeout { verdict.detail = "waiting for " + waits.prefix(3).joined(separator: ", ") }
        run?.warn()
        strand.execute { [run] in run?.cancel(reason) }
        receive(.finished(verdict))
    }

    var waits: [String] {
        let waits = run?.waits ?? []
        return waits.isEmpty ? ["its thread \((loop.now - startedAt).inTenths)"] : waits
    }

    private func receive(_ event: FilterRunEvent) {
        guard !isFinished else { return }
        if case .finished = event { isFinished = true }
        events(event)
    }
}
