import GRDB
import Mail

/// Reads one of the two files on its pool's reader connections, beside the writer. Statements are made for each call: nothing here is per
/// message on its straight way through.
struct FileReader: Sendable {
    let pool: DatabasePool
    let path: String

    /// `read` runs, and `completion` is called, on one of the pool's reader queues.
    func perform<T: Sendable>(
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

    func rows(_ connection: OpaquePointer) -> MessageRows { MessageRows(connection, path: path) }

    /// queue.db's copies that wait: one pass over the table of copies in its own order, which touches no message.
    func waiting(after: WaitingCopy?, limit: Int, _ connection: OpaquePointer) throws -> [WaitingCopy] {
        let statement = try PreparedStatement(
            connection,
            """
            SELECT message, place, outbound, domain, address, reverse_path IS NOT NULL, state, next_attempt FROM recipient
            WHERE (message, place) > (?1, ?2) AND state IN (1, 2) ORDER BY message, place LIMIT ?3
            """)
        statement.bind(1, after?.queueID.rawValue ?? -1)
        statement.bind(2, Int64(after?.index ?? 0))
        statement.bind(3, Int64(max(1, limit)))
        var found: [WaitingCopy] = []
        while try statement.next() {
            found.append(
                WaitingCopy(
                    queueID: QueueID(rawValue: statement.integer(0)), index: Int(statement.integer(1)),
                    role: statement.integer(2) != 0 ? .outbound : .inbound, policyDomain: statement.text(3),
                    addressDomain: MessageRows.address(statement.text(4)).domain, isRedirected: statement.integer(5) != 0,
                    isHeld: statement.integer(6) == 2, nextAttempt: Timestamp(microseconds: statement.integer(7))))
        }
        return found
    }

    /// Up to `limit` messages with a copy in one of `states`, above `after`, in order.
    func list(_ states: Set<RecipientState>, after: QueueID?, limit: Int, _ connection: OpaquePointer) throws -> [QueueID] {
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
        return Array(ids.sorted().prefix(max(0, limit)))
    }
}
