import Mail

/// Takes everything and keeps nothing: for scans.
struct ForgetfulStore: MessageStore {
    func accept(_ message: StoredMessage, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) { completion(.success(())) }
    func change(
        _ changes: [RecipientChange], adding messages: [StoredMessage], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    ) {
        completion(.success(()))
    }
    func append(_ receipt: Receipt) {}
    func body(of id: QueueID, completion: @escaping @Sendable (Result<Region, StoreFailure>) -> Void) {
        completion(.failure(StoreFailure(.unavailable, "a scan stores nothing")))
    }
    func messages(
        in states: Set<RecipientState>, after: QueueID?, limit: Int,
        completion: @escaping @Sendable (Result<[StoredMessage], StoreFailure>) -> Void
    ) { completion(.success([])) }
    func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void) {
        completion(.success(nil))
    }
    func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void) { completion(.success([])) }
    var highestQueueID: QueueID { QueueID(rawValue: 0) }
}
