import GatewayTestKit
import Mail
import Synchronization

@testable import Queue

/// A queue with everything around it scripted, on a loop whose time is moved by hand.
final class QueueBench: Sendable {
    let loop = ManualLoop()
    let store = MemoryStore()
    let log = ListedLog()
    let hops: ScriptedHops
    let policy: ScriptedPolicy
    let queue: DeliveryQueue
    let makeID: @Sendable (Timestamp) -> QueueID
    /// Messages handed back to the inspection, with their answers owed.
    let inspections: Inspections

    final class Inspections: Sendable {
        let waiting = Mutex<[(message: StoredMessage, done: @Sendable ([RecipientChange]) -> Void)]>([])
    }

    init(
        _ domains: [String], queue policy: QueuePolicy = QueuePolicy(), memory: Int = 1 << 20, hops: ScriptedHops = ScriptedHops(),
        redirect: @escaping Redirect = { copy, _ in [copy] }, outcomes: any OutcomeObserver = NoOutcomeObserver()
    ) {
        let inspections = Inspections()
        let ids = QueueIDGenerator(floor: QueueID(rawValue: 1 << 40))
        makeID = { ids.next(at: $0) }
        self.hops = hops
        self.policy = ScriptedPolicy(domains, queue: policy)
        self.inspections = inspections
        queue = DeliveryQueue(
            store: store, client: hops, policy: self.policy, log: log, loop: loop, seed: 7, memory: memory, makeID: makeID,
            redirect: redirect, outcomes: outcomes,
            reinspect: { message, done in inspections.waiting.withLock { $0.append((message, done)) } })
    }

    /// Committed, then given to the queue.
    @discardableResult func put(_ message: StoredMessage) -> StoredMessage {
        store.accept(message) { _ in }
        queue.enqueue(message)
        loop.runPending()
        return message
    }

    func message(_ number: Int, to recipients: [(domain: String, headers: String)], state: RecipientState = .queued) -> StoredMessage {
        StoredMessage(
            queueID: QueueID(rawValue: Int64(number) << 12), receivedAt: loop.now, reversePath: .null, is8BitMIME: false, isSMTPUTF8: false,
            sessionJSON: "{}", region: Region(copying: Array("body \(number)".utf8)), size: 6,
            recipients: recipients.enumerated().map { index, copy in
                StoredRecipient(
                    index: index, address: EmailAddress(localPart: "r\(index)", domain: copy.domain), policyDomain: copy.domain,
                    state: state,
                    addedHeaders: copy.headers, nextAttempt: loop.now)
            })
    }

    func message(_ number: Int, _ domains: String..., state: RecipientState = .queued) -> StoredMessage {
        message(number, to: domains.map { ($0, "") }, state: state)
    }
}
