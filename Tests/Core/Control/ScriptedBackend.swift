import Control
import Mail
import Synchronization

/// A backend that answers from what a test put in and notes what it was asked.
final class ScriptedBackend: ControlBackend {
    struct Script: Sendable {
        var isReady = true
        var entries: [QueueEntry] = []
        var receipts: [ReceiptRecord] = []
        var reloadFailure: ControlFailure?
        var calls: [String] = []
        /// Set: every call waits until the test ends.
        var isStuck = false
    }

    struct Odd: Error {}

    let script: Mutex<Script>
    init(_ script: Script = Script()) { self.script = Mutex(script) }

    var calls: [String] { script.withLock { $0.calls } }

    private func note(_ call: String) async throws {
        let stuck = script.withLock {
            $0.calls.append(call)
            return $0.isStuck
        }
        if stuck { try await Task.sleep(for: .seconds(600)) }
    }

    func status() async throws -> GatewayStatus {
        try await note("status")
        let ready = script.withLock { $0.isReady }
        return GatewayStatus(
            ready: ready, reason: ready ? "" : "the store is full", hostname: "mx.example", version: "1", pid: 4711, generation: 3,
            startedAt: Timestamp(seconds: 1_800_000_000), sessions: 2, queueLength: 7, quarantined: 1, bytesInFlight: 42)
    }
    func metrics() async throws -> String {
        try await note("metrics")
        return "# TYPE postern_sessions gauge\npostern_sessions 2\n"
    }
    func reload() async throws -> ReloadResult {
        try await note("reload")
        if let failure = script.withLock({ $0.reloadFailure }) { throw failure }
        return ReloadResult(generation: 4, warnings: ["domains/a.yaml:3:1: no filters"])
    }
    func restart() async throws -> ReplacementResult {
        try await note("restart")
        return ReplacementResult(version: "1", pid: 4711)
    }
    func upgrade() async throws -> ReplacementResult {
        try await note("upgrade")
        return ReplacementResult(version: "2", pid: 4711)
    }
    func queue(_ query: QueueQuery) async throws -> QueuePage {
        try await note("queue \(Self.text(query))")
        return script.withLock { QueuePage(entries: $0.entries, examined: 7, next: $0.entries.last.flatMap { QueueID($0.id) }) }
    }
    private static func text(_ query: QueueQuery) -> String {
        let filter = query.filter
        let states = query.states.map(\.word).sorted().joined(separator: "+")
        let parts = [filter.domain, filter.to, filter.from, filter.reason, filter.olderThan.map { "\($0)" }].map { $0 ?? "-" }
        return "\(states) after \(query.after?.description ?? "-") limit \(query.limit)"
            + (filter.isEmpty ? "" : " where \(parts.joined(separator: "|"))")
    }
    func entry(_ id: QueueID) async throws -> QueueEntry {
        try await note("entry \(id)")
        guard let entry = script.withLock({ $0.entries.first { $0.id == id.description } }) else {
            throw ControlFailure(.notFound, "no message \(id)", mend: "`postern queue list` shows what there is")
        }
        return entry
    }
    func flush(_ scope: FlushScope) async throws -> ChangeResult {
        switch scope {
        case .all: try await note("flush all")
        case .domain(let domain): try await note("flush domain \(domain)")
        }
        return ChangeResult(changed: 5)
    }
    func message(_ id: QueueID, isHeader: Bool) async throws -> Region {
        try await note("message \(id) header \(isHeader)")
        return Region(copying: Array(repeating: 0xE9, count: isHeader ? 3 : 700_001))
    }
    func destinations() async throws -> [DestinationRecord] {
        try await note("destinations")
        var record = DestinationRecord(
            destination: "mx a.example for b.example", state: "down", queued: 7, waiting: 4, suspended: 3, running: 0, limit: 1,
            oldest: Timestamp(seconds: 1_800_000_000))
        record.setOutage(
            since: Timestamp(seconds: 1_800_000_001), lastTried: Timestamp(seconds: 1_800_000_002),
            nextProbe: Timestamp(seconds: 1_800_000_003), failures: 4, words: "refused")
        return [record]
    }
    func carryOut(_ operation: QueueOperation, on id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult {
        try await note("\(operation) \(id) in \(states.map(\.word).sorted().joined(separator: "+"))")
        if operation == .release { throw ControlFailure(.conflict, "nothing of \(id) is held or in quarantine") }
        return ChangeResult(changed: 2)
    }
    func carryOut(_ operation: QueueOperation, where query: QueueQuery) async throws -> ChangePage {
        try await note("\(operation) \(Self.text(query))")
        return ChangePage(changed: 3, messages: 2, examined: 1000, next: QueueID("0ABCDEFGHJKMN"))
    }
    func trace(_ id: QueueID) async throws -> [ReceiptRecord] {
        try await note("trace \(id)")
        return script.withLock { $0.receipts }
    }
    func inFlight() async throws -> InFlightPage {
        try await note("inflight")
        let wait = WaitRecord(
            milliseconds: 1200, session: 7, client: "2001:db8::1", queueID: nil, phase: "connect", filter: "rbl",
            waitsFor: ["dns A x.example 1.2s"], detached: true)
        return InFlightPage(inspections: 2, silent: 1, total: 1, waits: [wait])
    }
    func plugins() async throws -> [PluginRecord] {
        try await note("plugins")
        throw Odd()
    }
    func filters(of domain: String) async throws -> DomainFilters {
        try await note("filters \(domain)")
        var slot = FilterSlot(name: "rbl-main", plugin: "rbl")
        slot.settings = .object(["zones": .array([.string("zen.example")])])
        var policy = DomainPolicy(domain: "example.com")
        policy.filters = [[slot], [FilterSlot(name: "a", plugin: "a"), FilterSlot(name: "b", plugin: "b")]]
        return DomainFilters(policy, generation: 3)
    }
}
