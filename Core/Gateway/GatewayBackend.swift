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
        let fault = gateway.store.fault
        var status = GatewayStatus(
            ready: isReady && fault == nil, reason: isReady ? fault?.text ?? "" : "starting or stopping",
            hostname: gateway.policy.current.hostname, version: Version.text,
            pid: Int(getpid()), generation: gateway.policy.current.generation, startedAt: gateway.startedAt,
            sessions: gateway.server.openSessions,
            queueLength: (counts[.queued] ?? 0) + (counts[.held] ?? 0), quarantined: counts[.quarantined] ?? 0,
            bytesInFlight: gateway.server.bytesInFlight)
        if let progress = gateway.queue.loadProgress {
            status.loading = progress.messages
            status.loadingFailure = progress.failure
        }
        return status
    }

    func metrics() async throws -> String {
        let queue = gateway.queue
        await withCheckedContinuation { done in queue.measure { done.resume() } }
        return gateway.metrics.render()
    }

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

    func queue(_ query: QueueQuery) async throws -> QueuePage {
        let now = gateway.clock.now
        let wanted = query.filter.isEmpty ? query.limit : ControlLimits.examined
        let messages = try await page(query, limit: wanted)
        var entries: [QueueEntry] = []
        var examined = 0
        for message in messages where entries.count < query.limit {
            examined += 1
            if query.filter.isEmpty || !query.filter.indices(of: message, in: query.states, now: now).isEmpty {
                entries.append(entry(message))
            }
        }
        let isEnd = messages.count < wanted && examined == messages.count
        return QueuePage(entries: entries, examined: examined, next: isEnd || examined == 0 ? nil : messages[examined - 1].queueID)
    }

    func entry(_ id: QueueID) async throws -> QueueEntry { entry(try await message(id)) }

    private func entry(_ message: StoredMessage) -> QueueEntry {
        let policy = gateway.policy.current
        return QueueEntry(message) { DeliveryQueue.destination(of: $0, role: message.role, by: policy) }
    }

    private func page(_ query: QueueQuery, limit: Int) async throws -> [StoredMessage] {
        try await ask { gateway.store.messages(in: query.states, after: query.after, limit: limit, completion: $0) }
    }

    func message(_ id: QueueID, isHeader: Bool) async throws -> Region {
        _ = try await message(id)
        let body = try await ask { gateway.store.body(of: id, completion: $0) }
        guard isHeader else { return body }
        return withExtendedLifetime(body) { Region(copying: body.bytes[..<Self.headerEnd(body.bytes)]) }
    }

    /// Behind the last line before the first empty one.
    private static func headerEnd(_ bytes: UnsafeRawBufferPointer) -> Int {
        var lineStart = 0
        for at in bytes.indices where bytes[at] == UInt8(ascii: "\n") {
            if at == lineStart || at == lineStart + 1 && bytes[lineStart] == UInt8(ascii: "\r") { return lineStart }
            lineStart = at + 1
        }
        return bytes.count
    }

    func destinations() async throws -> [DestinationRecord] {
        let queue = gateway.queue
        let statuses = await withCheckedContinuation { done in queue.destinations { done.resume(returning: $0) } }
        return statuses.map { status in
            var record = DestinationRecord(
                destination: status.destination, state: status.state.rawValue, queued: status.queued, waiting: status.waiting,
                suspended: status.suspended, running: status.running, limit: status.limit, oldest: status.oldest.time)
            if let outage = status.outage {
                record.setOutage(
                    since: outage.since, lastTried: outage.lastTried, nextProbe: outage.nextProbe, failures: outage.failures,
                    words: outage.words)
            }
            return record
        }
    }

    func flush(_ scope: FlushScope) async throws -> ChangeResult {
        let queue = gateway.queue
        switch scope {
        case .all: return ChangeResult(changed: try await ask { queue.flush(completion: $0) })
        case .domain(let name):
            let domain = gateway.policy.current.policy(of: name)?.domain ?? name
            return ChangeResult(changed: try await ask { queue.flush(domain: domain, completion: $0) })
        }
    }

    func carryOut(_ operation: QueueOperation, on id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult {
        _ = try await message(id)
        let queue = gateway.queue
        return ChangeResult(changed: try await ask { queue.carryOut(operation, on: id, in: states, by: Self.actor, completion: $0) })
    }

    func carryOut(_ operation: QueueOperation, where query: QueueQuery) async throws -> ChangePage {
        let now = gateway.clock.now
        let messages = try await page(query, limit: ControlLimits.examined)
        let selections = messages.compactMap { message -> DeliveryQueue.Selection? in
            let indices = query.filter.indices(of: message, in: query.states.intersection(operation.states), now: now)
            return indices.isEmpty ? nil : DeliveryQueue.Selection(message, indices: indices)
        }
        let queue = gateway.queue
        let changed = try await ask { queue.carryOut(operation, on: selections, by: Self.actor, completion: $0) }
        return ChangePage(
            changed: changed, messages: selections.count, examined: messages.count,
            next: messages.count < ControlLimits.examined ? nil : messages.last?.queueID)
    }

    func trace(_ id: QueueID) async throws -> [ReceiptRecord] {
        let receipts = try await ask { gateway.store.receipts(of: id, completion: $0) }
        guard !receipts.isEmpty else {
            throw ControlFailure(
                .notFound, "nothing is known of message \(id)", mend: "see the mail-flow log for the ID; histories are kept for a time")
        }
        return receipts.map(ReceiptRecord.init)
    }

    func inFlight() async throws -> InFlightPage {
        let inspector = gateway.inspector
        let survey = await withCheckedContinuation { done in
            inspector.survey(patience: ControlLimits.survey) { done.resume(returning: $0) }
        }
        return InFlightPage(
            inspections: survey.inspections, silent: survey.silent, total: survey.total,
            waits: survey.waits.map { wait in
                WaitRecord(
                    milliseconds: Int(wait.age.microseconds / 1000), session: wait.session, client: "\(wait.client)",
                    queueID: wait.queueID?.description, phase: wait.phase.description, filter: wait.filter, waitsFor: wait.detail,
                    detached: wait.isDetached)
            })
    }

    func plugins() async throws -> [PluginRecord] {
        let now = gateway.clock.now
        return gateway.host.list().map { plugin in
            var record = PluginRecord(
                id: plugin.id, version: plugin.version, vendor: plugin.vendor, summary: gateway.host.manifest(of: plugin.id)?.summary ?? "",
                generation: plugin.generation, home: plugin.home.rawValue, path: plugin.libraryPath, instances: plugin.instances,
                calls: plugin.calls, faults: plugin.faults, p50: plugin.calls > 0 ? Int(plugin.p50.microseconds) : nil,
                p99: plugin.calls > 0 ? Int(plugin.p99.microseconds) : nil)
            record.generationsHeld = plugin.generationsHeld
            record.running = plugin.running
            record.slowCalls = plugin.slowCalls
            record.workers = plugin.workers
            record.cage = plugin.cage
            if let rest = plugin.rest, rest.until > now {
                record.restsUntil = CivilTime(rest.until).rfc3339
                record.restReason = rest.reason
            }
            record.limits = plugin.limits.map { limits in
                WorkerLimitsRecord(
                    memory: limits.memory, temporary: limits.temporaryBytes, threads: limits.threads,
                    grace: Int(limits.grace.microseconds / 1000), start: Int(limits.start.microseconds / 1000),
                    heartbeat: Int(limits.heartbeat.microseconds / 1000), retries: limits.retries, mostPerDomain: limits.mostPerDomain,
                    idle: Int(limits.idle.microseconds / 1000), user: "\(limits.users)")
            }
            return record
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
