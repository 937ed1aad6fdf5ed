import GRDB
import Mail

/// Reads queue.db on the pool's reader connections, beside the writer. Statements are made for each call: nothing here is per message on its
/// straight way through.
struct QueueReader: Sendable {
    let pool: DatabasePool
    let path: String
    let bodies: BodyFiles

    /// `read` runs, and `completion` is called, on one of the pool's reader queues.
    private func perform<T: Sendable>(
        _ completion: @escaping @Sendable (Result<T, StoreFailure>) -> Void, _ read: @escaping @Sendable (OpaquePointer) throws -> T
    ) {
        pool.asyncRead { database in
            let result: Result<T, StoreFailure>
            do {
                result = .success(try read(database.get().sqliteConnection!))
            } catch let failure as StoreFailure {
                result = .failure(failure)
            } catch { result = .failure(SQLiteFailure(error).storeFailure(path)) }
            completion(result)
        }
    }

    func body(of id: QueueID, completion: @escaping @Sendable (Result<Region, StoreFailure>) -> Void) {
        perform(completion) { connection in
            let statement = try PreparedStatement(connection, "SELECT size, body FROM message WHERE id = ?1")
            statement.bind(1, id.rawValue)
            guard try statement.next() else { throw StoreFailure(.unavailable, "\(id) is not in \(path): its last copy is gone") }
            let size = Int(statement.integer(0))
            if statement.isNull(1) { return try bodies.map(id, size: size) }
            // The bytes are the statement's until its next step or its end.
            return try withExtendedLifetime(statement) {
                let bytes = statement.bytes(1)
                guard bytes.count == size else {
                    throw StoreFailure(.damaged, "\(path): the body of \(id) has \(bytes.count) bytes, not the \(size) that were stored")
                }
                return Region(copying: bytes)
            }
        }
    }

    func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void) {
        perform(completion) { connection in try load([id], connection).first }
    }

    func messages(
        in states: Set<RecipientState>, after: QueueID?, limit: Int,
        completion: @escaping @Sendable (Result<[StoredMessage], StoreFailure>) -> Void
    ) {
        perform(completion) { connection in
            // One list per state, each in order and bounded, so that each can use its own partial index; the number is written out because
            // SQLite only then sees that the index fits.
            var ids: Set<QueueID> = []
            for state in states {
                let statement = try PreparedStatement(
                    connection,
                    """
                    SELECT DISTINCT message FROM recipient WHERE state = \(state.rawValue) AND message > ?1
                    AND EXISTS (SELECT 1 FROM message WHERE id = recipient.message) ORDER BY message LIMIT ?2
                    """)
                statement.bind(1, after?.rawValue ?? -1)
                statement.bind(2, Int64(max(0, limit)))
                while try statement.next() { ids.insert(QueueID(rawValue: statement.integer(0))) }
            }
            return try load(Array(ids.sorted().prefix(max(0, limit))), connection)
        }
    }

    /// Copies per state; final ones only as far as their message is still there. Reads every copy.
    func counts(completion: @escaping @Sendable (Result<[RecipientState: Int], StoreFailure>) -> Void) {
        perform(completion) { connection in
            let statement = try PreparedStatement(connection, "SELECT state, count(*) FROM recipient GROUP BY state")
            var counts: [RecipientState: Int] = [:]
            while try statement.next() {
                if let state = RecipientState(rawValue: Int(statement.integer(0))) { counts[state] = Int(statement.integer(1)) }
            }
            return counts
        }
    }

    private func load(_ ids: [QueueID], _ connection: OpaquePointer) throws -> [StoredMessage] {
        let one = try PreparedStatement(
            connection, "SELECT received, reverse_path, flags, session, size, envelope_id FROM message WHERE id = ?1")
        let copies = try PreparedStatement(
            connection,
            """
            SELECT place, address, domain, state, headers, reason, score, attempts, next_attempt, notify, original, reverse_path, told FROM recipient
            WHERE message = ?1 ORDER BY place
            """)
        var messages: [StoredMessage] = []
        for id in ids {
            one.bind(1, id.rawValue)
            guard try one.next() else { continue }
            let flags = MessageFlags(rawValue: one.integer(2))
            var message = StoredMessage(
                queueID: id, receivedAt: Timestamp(microseconds: one.integer(0)),
                reversePath: path(one.text(1)), is8BitMIME: flags.contains(.is8BitMIME),
                isSMTPUTF8: flags.contains(.isSMTPUTF8), role: flags.contains(.isOutbound) ? .outbound : .inbound,
                dsn: DSNRequest(returned: flags.returned, envelopeID: one.isNull(5) ? nil : one.text(5)), sessionJSON: one.text(3),
                region: nil, size: Int(one.integer(4)), recipients: [])
            message.isSenderAuthenticated = flags.contains(.isSenderAuthenticated)
            while try one.next() {}
            copies.bind(1, id.rawValue)
            while try copies.next() {
                guard let state = RecipientState(rawValue: Int(copies.integer(3))) else {
                    throw StoreFailure(.damaged, "\(self.path): \(id) has a copy in state \(copies.integer(3)), which there is not")
                }
                var copy = StoredRecipient(
                    index: Int(copies.integer(0)), address: address(copies.text(1)), policyDomain: copies.text(2), state: state,
                    addedHeaders: copies.text(4), reason: copies.text(5), score: copies.number(6),
                    nextAttempt: Timestamp(microseconds: copies.integer(8)))
                copy.attempts = Int(copies.integer(7))
                if !copies.isNull(9) { copy.notify = NotifyConditions(rawValue: UInt8(truncatingIfNeeded: copies.integer(9))) }
                if !copies.isNull(10) { copy.originalRecipient = copies.text(10) }
                if !copies.isNull(11) { copy.reversePath = path(copies.text(11)) }
                copy.isDelayTold = copies.integer(12) != 0
                message.recipients.append(copy)
            }
            messages.append(message)
        }
        return messages
    }

    private func path(_ text: String) -> ReversePath { text.isEmpty ? .null : .address(address(text)) }

    /// What `description` wrote: without a domain there is no `@` (`postmaster`).
    private func address(_ text: String) -> EmailAddress { EmailAddress(unchecked: text) ?? EmailAddress(localPart: text, domain: "") }
}
