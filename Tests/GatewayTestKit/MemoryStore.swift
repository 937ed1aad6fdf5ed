import Mail
import Synchronization

/// A store in memory: commits at once, when the test says so, or never because it fails.
public final class MemoryStore: MessageStore {
    private struct State {
        var messages: [QueueID: StoredMessage] = [:]
        var receipts: [Receipt] = []
        var failure: StoreFailure?
        var isHeld = false
        var pending: [@Sendable () -> Void] = []
    }
    private let state = Mutex(State())

    public init() {}

    /// Every accept and change fails with it from now on; nil: succeeds.
    public func fail(_ failure: StoreFailure?) { state.withLock { $0.failure = failure } }
    /// Commits wait for `commit()` from now on.
    public func hold() { state.withLock { $0.isHeld = true } }
    /// Carries out what waits.
    public func commit() {
        let work = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for body in work { body() }
    }

    public var accepted: [StoredMessage] { state.withLock { $0.messages.values.sorted { $0.queueID < $1.queueID } } }
    public var receipts: [Receipt] { state.withLock { $0.receipts } }

    private func whenCommitted(_ body: @escaping @Sendable () -> Void) {
        let isHeld = state.withLock {
            if $0.isHeld { $0.pending.append(body) }
            return $0.isHeld
        }
        if !isHeld { body() }
    }

    private func write(_ body: (inout State) -> Void) -> Result<Void, StoreFailure> {
        state.withLock {
            if let failure = $0.failure { return .failure(failure) }
            body(&$0)
            return .success(())
        }
    }

    public func accept(_ message: StoredMessage, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        whenCommitted { [self] in completion(write { $0.messages[message.queueID] = message }) }
    }

    public func change(
        _ changes: [RecipientChange], adding messages: [StoredMessage], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    ) {
        whenCommitted { [self] in
            completion(
                write { state in
                    for message in messages { state.messages[message.queueID] = message }
                    for change in changes {
                        guard let at = state.messages[change.queueID]?.recipients.firstIndex(where: { $0.index == change.index }) else {
                            continue
                        }
                        if let from = change.from, state.messages[change.queueID]!.recipients[at].state != from { continue }
                        state.messages[change.queueID]!.recipients[at].apply(change)
                    }
                })
        }
    }

    public func append(_ receipt: Receipt) { state.withLock { $0.receipts.append(receipt) } }

    public func body(of id: QueueID, completion: @escaping @Sendable (Result<Region, StoreFailure>) -> Void) {
        guard let region = state.withLock({ $0.messages[id]?.region }) else {
            return completion(.failure(StoreFailure(.unavailable, "no body of \(id)")))
        }
        completion(.success(region))
    }

    public func messages(
        in states: Set<RecipientState>, after: QueueID?, limit: Int,
        completion: @escaping @Sendable (Result<[StoredMessage], StoreFailure>) -> Void
    ) {
        let found = accepted.filter { message in
            (after.map { message.queueID > $0 } ?? true) && message.recipients.contains { states.contains($0.state) }
        }
        completion(.success(found.prefix(limit).map(\.withoutBody)))
    }

    public func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void) {
        completion(.success(state.withLock { $0.messages[id]?.withoutBody }))
    }

    public func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void) {
        completion(.success(receipts.filter { $0.queueID == id }))
    }

    public var highestQueueID: QueueID { state.withLock { $0.messages.keys.max() } ?? QueueID(rawValue: 0) }
}

extension StoredRecipient {
    fileprivate mutating func apply(_ change: RecipientChange) {
        state = change.state
        attempts = change.attempts
        nextAttempt = change.nextAttempt
        reason = change.reason
        if change.tellsDelay { isDelayTold = true }
        addedHeaders = change.addedHeaders ?? addedHeaders
    }
}

extension StoredMessage {
    fileprivate var withoutBody: StoredMessage {
        var entry = self
        entry.region = nil
        return entry
    }
}
