import Mail
import Synchronization

/// A filter host whose filters do what the test says. One instance per plugin, whatever a slot's settings.
public final class ScriptedFilterHost: FilterHost {
    private let filters: [String: ScriptedFilter]

    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
    }

    public init(_ filters: [ScriptedFilter]) {
        self.filters = Dictionary(uniqueKeysWithValues: filters.map { ($0.manifest.id, $0) })
    }

    public func manifest(of plugin: String) -> FilterManifest? { filters[plugin]?.manifest }
    public var pluginNames: [String] { filters.keys.sorted() }

    public func instance(for slot: FilterSlot) throws -> any FilterInstance {
        guard let filter = filters[slot.plugin] else { throw Refusal(description: "no plugin \(slot.plugin)") }
        return filter
    }
}

/// One filter: its answer is given at once, or later by the test through `runs`.
public final class ScriptedFilter: FilterInstance {
    /// What a call comes to before `start` returns.
    public enum Answer: Sendable {
        case done([Symbol] = [], [Proposal] = [])
        case ends(FilterResult)
        /// Nothing yet: the test finishes the run.
        case waits
        /// Detaches, and the test finishes the run.
        case detaches(joinBefore: Phase)
    }

    public let manifest: FilterManifest
    public let home = FilterManifest.Home.host
    public var key: String { manifest.id + "@1#0" }
    private let answer: @Sendable (FilterCall) -> Answer
    private let started = Mutex<[ScriptedRun]>([])

    public init(
        _ id: String, phases: Set<Phase> = [.data], scope: FilterManifest.ResultScope = .message, requires: [String] = [],
        needs: ContentNeeds = [], _ answer: @escaping @Sendable (FilterCall) -> Answer = { _ in .done() }
    ) {
        manifest = FilterManifest(
            id: id, version: "1.0.0", vendor: "test", licence: "MIT", summary: "", phases: phases, symbols: [], schema: .object([:]),
            rights: Set(FilterManifest.Right.allCases), requires: requires, optional: [], execution: .nonblocking, concurrency: .parallel,
            scope: scope, homes: [.host], recommendedHome: .host, needs: needs)
        self.answer = answer
    }

    /// Every run so far, in order.
    public var runs: [ScriptedRun] { started.withLock { $0 } }
    public var calls: [FilterCall] { runs.map(\.call) }

    public func start(_ call: FilterCall, on loop: any SerialLoop, events: @escaping @Sendable (FilterRunEvent) -> Void) -> any FilterRun {
        let run = ScriptedRun(call, events)
        started.withLock { $0.append(run) }
        switch answer(call) {
        case .done(let symbols, let proposals): run.finish(symbols, proposals)
        case .ends(let result): run.end(result)
        case .waits: break
        case .detaches(let phase): events(.detached(joinBefore: phase))
        }
        return run
    }
}

/// A run that the test finishes. Use from one thread.
public final class ScriptedRun: FilterRun, @unchecked Sendable {
    public let call: FilterCall
    private var events: (@Sendable (FilterRunEvent) -> Void)?
    public private(set) var cancelled: CancelReason?
    /// A home with a fault: it ignores `cancel`.
    public var isDeaf = false

    init(_ call: FilterCall, _ events: @escaping @Sendable (FilterRunEvent) -> Void) {
        self.call = call
        self.events = events
    }

    public var isOver: Bool { events == nil }
    public var waits: [String] { isOver ? [] : ["dns A 2.0.0.127.list.example 1.2s"] }

    public func finish(_ symbols: [Symbol] = [], _ proposals: [Proposal] = []) {
        var verdict = Verdict(filter: call.slotName, phase: call.phase, result: .done)
        verdict.symbols = symbols
        verdict.proposals = proposals
        send(verdict)
    }

    public func end(_ result: FilterResult) {
        var verdict = Verdict(filter: call.slotName, phase: call.phase, result: result)
        verdict.detail = waits.joined()
        send(verdict)
    }

    public func cancel(_ reason: CancelReason) {
        cancelled = reason
        if !isDeaf { end(reason == .timeout ? .timeout : .cancelled) }
    }

    private func send(_ verdict: Verdict) {
        let events = self.events
        self.events = nil
        events?(.finished(verdict))
    }
}
