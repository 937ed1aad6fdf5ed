import Control
import Glibc
import Inspect
import Mail
import PluginHost
import Queue
import Receive
import Settings
import Store
import Supervisor

/// The admin API over the gateway's parts.
struct GatewayBackend: ControlBackend {
    private let gateway: RunningGateway

    init(_ gateway: RunningGateway) { self.gateway = gateway }

    /// Who acts, in histories: the control socket is the operator's.
    private static let actor = "operator"

    func status() async throws -> GatewayStatus {
        let counts = gateway.store.counts
        let isReady = gateway.isReady.load(ordering: .relaxed)
        return GatewayStatus(
            ready: isReady, reason: isReady ? "" : "starting or stopping", hostname: gateway.policy.current.hostname, version: Version.text,
            pid: Int(getpid()), generation: gateway.policy.current.generation, startedAt: gateway.startedAt,
            sessions: gateway.server.openSessions,
            queueLength: (counts[.queued] ?? 0) + (counts[.held] ?? 0), quarantined: counts[.quarantined] ?? 0,
            bytesInFlight: gateway.server.bytesInFlight)
    }

    func metrics() async throws -> String { gateway.metrics.render() }

    func reload() async throws -> ReloadResult {
        switch await gateway.reload() {
        case .success(let taken):
            return ReloadResult(generation: taken.settings.policy.generation, warnings: taken.warnings.map(\.description))
        case .failure(let errors):
            throw ControlFailure(
                .invalid, "the configuration is refused, the old one stays in force", mend: "mend the files and reload again",
                problems: errors.problems.map(\.description))
        }
    }

    func restart() async throws -> ReplacementResult { try await replace(.restart) }

    func upgrade() async throws -> ReplacementResult { try await replace(.upgrade) }

    private func replace(_ replacement: Replacement) async throws -> ReplacementResult {
        guard let supervisor = gateway.supervisor else {
            throw ControlFailure(
                .conflict, "this gateway runs without a supervisor", mend: "stop it and start it, without --no-supervisor")
        }
        switch await supervisor.ask(for: replacement) {
        case .success(let version): return ReplacementResult(version: version, pid: Int(getpid()))
        case .failure(let failure):
            throw ControlFailure(
                .invalid, "no \(replacement.rawValue), this gateway stays", mend: "mend that, then ask again", problems: ["\(failure)"])
        }
    }

    func queue(_ query: QueueQuery) async throws -> [QueueEntry] {
        try await ask { gateway.store.messages(in: query.states, after: query.after, limit: query.limit, completion: $0) }.map(
            QueueEntry.init)
    }

    func entry(_ id: QueueID) async throws -> QueueEntry { QueueEntry(try await message(id)) }

    func flush(_ scope: FlushScope) async throws -> ChangeResult {
        let queue = gateway.queue
        switch scope {
        case .all: return ChangeResult(changed: try await ask { queue.flush(completion: $0) })
        case .domain(let name):
            let domain = gateway.policy.current.policy(of: name)?.domain ?? name
            return ChangeResult(changed: try await ask { queue.flush(domain: domain, completion: $0) })
        case .message(let id):
            _ = try await message(id)
            return ChangeResult(changed: try await ask { queue.carryOut(.flush, on: id, by: Self.actor, completion: $0) })
        }
    }

    func hold(_ id: QueueID) async throws -> ChangeResult {
        _ = try await message(id)
        return ChangeResult(changed: try await ask { gateway.queue.carryOut(.hold, on: id, by: Self.actor, completion: $0) })
    }

    func release(_ id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult {
        _ = try await message(id)
        return ChangeResult(changed: try await ask { gateway.queue.carryOut(.release, on: id, in: states, by: Self.actor, completion: $0) })
    }

    func delete(_ id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult {
        _ = try await message(id)
        return ChangeResult(changed: try await ask { gateway.queue.carryOut(.delete, on: id, in: states, by: Self.actor, completion: $0) })
    }

    func trace(_ id: QueueID) async throws -> [ReceiptRecord] {
        let receipts = try await ask { gateway.store.receipts(of: id, completion: $0) }
        guard !receipts.isEmpty else {
            throw ControlFailure(
                .notFound, "nothing is known of message \(id)", mend: "see the mail-flow log for the ID; histories are kept for a time")
        }
        return receipts.map(ReceiptRecord.init)
    }

    func plugins() async throws -> [PluginRecord] {
        gateway.host.list().map { plugin in
            PluginRecord(
                id: plugin.id, version: plugin.version, vendor: plugin.vendor, summary: gateway.host.manifest(of: plugin.id)?.summary ?? "",
                generation: plugin.generation, home: plugin.home.rawValue, path: plugin.libraryPath, instances: plugin.instances,
                calls: plugin.calls, faults: plugin.faults, p50: plugin.calls > 0 ? Int(plugin.p50.microseconds) : nil,
                p99: plugin.calls > 0 ? Int(plugin.p99.microseconds) : nil)
        }
    }

    func filters(of domain: String) async throws -> DomainFilters {
        let policy = gateway.policy.current
        guard let found = policy.policy(of: domain) else {
            throw ControlFailure(.notFound, "\(domain) is not configured", mend: "add domains/\(domain).yaml")
        }
        return DomainFilters(found, generation: policy.generation)
    }

    private func message(_ id: QueueID) async throws -> StoredMessage {
        guard let message = try await ask({ gateway.store.message(id, completion: $0) }) else {
            throw ControlFailure(
                .notFound, "message \(id) is not in the queue or the quarantine", mend: "`postern trace \(id)` tells what became of it")
        }
        return message
    }

    /// A completion as a value; a store's failure as the API's.
    private func ask<Value: Sendable>(_ body: (@escaping @Sendable (Result<Value, StoreFailure>) -> Void) -> Void) async throws -> Value {
        do {
            return try await withCheckedThrowingContinuation { done in body { done.resume(with: $0) } }
        } catch let failure as StoreFailure {
            throw ControlFailure(failure.kind == .unavailable || failure.kind == .busy ? .unavailable : .failed, failure.text)
        }
    }
}
