import GatewayTestKit
import Mail
import Synchronization

@testable import Queue

/// Next hops that do what the test says; jobs wait until they are answered.
final class ScriptedHops: NextHopClient {
    struct Running: Sendable {
        var job: DeliveryJob
        var completion: @Sendable (DeliveryReport) -> Void
    }

    private struct State {
        var running: [Running] = []
        var seen: [DeliveryJob] = []
        var passesDSN = false
        var isLMTP = false
        var answer: (@Sendable (DeliveryJob) -> [DeliveryOutcome]?)?
    }
    private let state = Mutex(State())

    /// `answer` nil, or one that returns nil: the job waits for `finish`.
    init(_ answer: (@Sendable (DeliveryJob) -> [DeliveryOutcome]?)? = nil) { state.withLock { $0.answer = answer } }

    func deliver(_ job: DeliveryJob, completion: @escaping @Sendable (DeliveryReport) -> Void) {
        let answer = state.withLock { state in
            state.seen.append(job)
            return state.answer
        }
        if let outcomes = answer?(job) {
            completion(report(outcomes))
        } else {
            state.withLock { $0.running.append(Running(job: job, completion: completion)) }
        }
    }

    var jobs: [DeliveryJob] { state.withLock { $0.seen } }
    var running: [DeliveryJob] { state.withLock { $0.running.map(\.job) } }

    /// Answers the oldest job that waits and goes to `host`.
    func finish(
        _ host: String? = nil, isServed: Bool = false, isUntried: Bool = false, _ outcome: @Sendable (Int) -> DeliveryOutcome = { _ in .ok }
    ) {
        let found = state.withLock { state -> Running? in
            guard let i = state.running.firstIndex(where: { host == nil || $0.job.nextHops[0].host == host }) else { return nil }
            return state.running.remove(at: i)
        }
        guard let found else { preconditionFailure("no such job waits") }
        var report = report(found.job.recipients.map { outcome($0.index) })
        (report.isServed, report.isUntried) = (isServed, isUntried)
        found.completion(report)
    }

    /// What the hops say of themselves from now on.
    func are(passingDSN: Bool, lmtp: Bool = false) { state.withLock { ($0.passesDSN, $0.isLMTP) = (passingDSN, lmtp) } }

    private func report(_ outcomes: [DeliveryOutcome]) -> DeliveryReport {
        var report = DeliveryReport(
            outcomes: outcomes, nextHop: "hop[127.0.0.1]:25", connectTime: .milliseconds(3), sendTime: .milliseconds(4))
        (report.passedDSN, report.isLMTP) = state.withLock { ($0.passesDSN, $0.isLMTP) }
        return report
    }
}

extension DeliveryOutcome {
    static let ok = DeliveryOutcome.delivered(Reply(.ok, "taken"))
    static let busy = DeliveryOutcome.deferred(DeliveryFailure(reply: Reply(ReplyStatus(450, 2, 1), "busy"), detail: ""))
    static let full = DeliveryOutcome.deferred(
        DeliveryFailure(reply: Reply(ReplyStatus(452, 4, 1), "too much from you"), detail: "in reply to MAIL", isNextHopsFault: true))
    static let down = DeliveryOutcome.deferred(DeliveryFailure(detail: "connection refused", isNextHopsFault: true))
    static let unknown = DeliveryOutcome.bounced(DeliveryFailure(reply: Reply(.unknownRecipient, "no such user"), detail: ""))
}

/// A store in memory that answers at once, counts reads, and can be full.
final class MemoryStore: MessageStore {
    struct State {
        var messages: [QueueID: StoredMessage] = [:]
        var receipts: [Receipt] = []
        var bodyReads = 0
        var isFull = false
        /// Pages of `waiting` are given when the test says so.
        var holdsPages = false
        var pages: [@Sendable () -> Void] = []
        var pageFailure: StoreFailure?
        /// Copies of each transaction.
        var changes: [Int] = []
    }
    let state = Mutex(State())
    private static let full = StoreFailure(.full, "the disk is full")

    func accept(_ message: StoredMessage, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        state.withLock { $0.messages[message.queueID] = message }
        completion(.success(()))
    }

    func change(
        _ changes: [RecipientChange], adding messages: [StoredMessage], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    ) {
        let failure = state.withLock { state -> StoreFailure? in
            if state.isFull { return Self.full }
            for change in changes where change.isTold {
                let copy = state.messages[change.queueID]?.recipients.first { $0.index == change.index }
                guard let copy, !copy.state.isFinal, change.from ?? copy.state == copy.state else {
                    return StoreFailure(.outdated, "somebody was faster")
                }
            }
            state.changes.append(changes.count)
            for message in messages { state.messages[message.queueID] = message }
            for change in changes {
                guard let i = state.messages[change.queueID]?.recipients.firstIndex(where: { $0.index == change.index }) else { continue }
                let found = state.messages[change.queueID]!.recipients[i].state
                if found.isFinal || change.from != nil && change.from != found { continue }
                state.messages[change.queueID]!.recipients[i].state = change.state
                state.messages[change.queueID]!.recipients[i].attempts = change.attempts
                state.messages[change.queueID]!.recipients[i].nextAttempt = change.nextAttempt
                state.messages[change.queueID]!.recipients[i].reason = change.reason
                if change.tellsDelay { state.messages[change.queueID]!.recipients[i].isDelayTold = true }
            }
            return nil
        }
        completion(failure.map { .failure($0) } ?? .success(()))
    }

    func append(_ receipt: Receipt) { state.withLock { $0.receipts.append(receipt) } }

    func body(of id: QueueID, completion: @escaping @Sendable (Result<Region, StoreFailure>) -> Void) {
        let region = state.withLock { state in
            state.bodyReads += 1
            return state.messages[id]?.region
        }
        completion(region.map { .success($0) } ?? .failure(StoreFailure(.damaged, "the body is missing")))
    }

    func messages(
        in states: Set<RecipientState>, after: QueueID?, limit: Int,
        completion: @escaping @Sendable (Result<[StoredMessage], StoreFailure>) -> Void
    ) {
        let found = state.withLock { state in
            state.messages.values.filter { message in
                message.queueID > after ?? QueueID(rawValue: -1) && message.recipients.contains { states.contains($0.state) }
            }.sorted { $0.queueID < $1.queueID }.prefix(limit)
        }
        completion(.success(Array(found)))
    }

    /// As they stand when they are asked for, `limit` messages each.
    func waiting(after: WaitingCopy?, limit: Int, completion: @escaping @Sendable (Result<[WaitingCopy], StoreFailure>) -> Void) {
        let (result, holds) = state.withLock { state -> (Result<[WaitingCopy], StoreFailure>, Bool) in
            if let failure = state.pageFailure { return (.failure(failure), state.holdsPages) }
            let copies = state.messages.values.sorted { $0.queueID < $1.queueID }.flatMap { message in
                message.recipients.filter { $0.state == .queued || $0.state == .held }.map { WaitingCopy($0, of: message) }
            }.filter { copy in after.map { (copy.queueID, copy.index) > ($0.queueID, $0.index) } ?? true }
            return (.success(Array(copies.prefix(limit))), state.holdsPages)
        }
        if holds { state.withLock { $0.pages.append { completion(result) } } } else { completion(result) }
    }

    /// Gives the page that waits.
    func givePage() { state.withLock { $0.pages.removeFirst() }() }

    func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void) {
        completion(
            .success(
                state.withLock { state in
                    var message = state.messages[id]
                    message?.region = nil
                    return message
                }))
    }

    func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void) {
        completion(.success(state.withLock { $0.receipts.filter { $0.queueID == id } }))
    }

    var highestQueueID: QueueID { state.withLock { $0.messages.keys.max() ?? QueueID(rawValue: 0) } }

    func states(_ message: StoredMessage) -> [RecipientState] {
        state.withLock { $0.messages[message.queueID]?.recipients.map(\.state) ?? [] }
    }
    func reasons(_ message: StoredMessage) -> [String] {
        state.withLock { $0.messages[message.queueID]?.recipients.map(\.reason) ?? [] }
    }
}

/// Policy that a test may change.
final class ScriptedPolicy: PolicySource {
    private let snapshot: Mutex<PolicySnapshot>
    let queue: QueuePolicy

    /// Each domain's mail goes to a next hop of the same name, outbound to `out.NAME`.
    init(_ domains: [String], queue: QueuePolicy = QueuePolicy()) {
        self.queue = queue
        snapshot = Mutex(Self.make(domains, queue))
    }

    var current: PolicySnapshot { snapshot.withLock { $0 } }
    /// Without `relays` outbound mail goes by MX.
    func set(_ domains: [String], sendsOut: Bool = true, relays: Bool = true) {
        snapshot.withLock { $0 = Self.make(domains, queue, sendsOut: sendsOut, relays: relays) }
    }

    private static func make(_ domains: [String], _ queue: QueuePolicy, sendsOut: Bool = true, relays: Bool = true) -> PolicySnapshot {
        PolicySnapshot(
            generation: 1, hostname: "gateway.test", queue: queue,
            domains: domains.map { name in
                var policy = DomainPolicy(domain: name)
                policy.deliverTo = [NextHop(host: name)]
                if sendsOut {
                    policy.outbound = OutboundPolicy()
                    if relays { policy.outbound!.deliverTo = [NextHop(host: "out." + name)] }
                }
                return policy
            })
    }
}

/// Keeps the names of the lines.
final class ListedLog: MailLog {
    private let events = Mutex<[MailEvent]>([])
    func write(_ event: MailEvent) { events.withLock { $0.append(event) } }
    var names: [String] { events.withLock { $0.map { "\($0.name)" } } }
}
