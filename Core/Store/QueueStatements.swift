import Mail

/// The statements that change queue.db. Bound to the writer's queue.
final class QueueStatements {
    private let begin, commit, rollback: PreparedStatement
    private let raiseHighest, insertMessage, insertRecipient: PreparedStatement
    private let openCopies, updateCopy, updateCopyAndHeaders, deleteCopies, deleteMessage: PreparedStatement
    private let freePages: PreparedStatement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        begin = try PreparedStatement(connection, "BEGIN IMMEDIATE")
        commit = try PreparedStatement(connection, "COMMIT")
        rollback = try PreparedStatement(connection, "ROLLBACK")
        raiseHighest = try PreparedStatement(connection, "UPDATE meta SET value = max(value, ?1) WHERE name = 'highest'")
        insertMessage = try PreparedStatement(connection, "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?7)")
        insertRecipient = try PreparedStatement(
            connection, "INSERT INTO recipient VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)")
        openCopies = try PreparedStatement(connection, "SELECT place FROM recipient WHERE message = ?1 AND state < 10")
        let update = "UPDATE recipient SET state = ?3, attempts = ?4, next_attempt = ?5, reason = ?6, told = told OR ?8"
        updateCopy = try PreparedStatement(connection, update + " WHERE message = ?1 AND place = ?2")
        updateCopyAndHeaders = try PreparedStatement(connection, update + ", headers = ?7 WHERE message = ?1 AND place = ?2")
        deleteCopies = try PreparedStatement(connection, "DELETE FROM recipient WHERE message = ?1")
        deleteMessage = try PreparedStatement(connection, "DELETE FROM message WHERE id = ?1")
        freePages = try PreparedStatement(
            connection, "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size")
    }

    /// Bytes of the file that hold nothing.
    func freeBytes() -> Int {
        guard (try? freePages.next()) == true else { return 0 }
        let bytes = Int(freePages.integer(0))
        while (try? freePages.next()) == true {}
        return bytes
    }

    /// Runs `work` as one transaction: all of it or nothing.
    func transaction(_ work: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
        try begin.run()
        do throws(SQLiteFailure) {
            try work()
            try commit.run()
        } catch {
            // SQLite has rolled back by itself after some errors; then this fails, rightly.
            try? rollback.run()
            throw error
        }
    }

    func raiseHighest(to id: QueueID) throws(SQLiteFailure) {
        raiseHighest.bind(1, id.rawValue)
        try raiseHighest.run()
    }

    /// A message without an open copy is not stored: there is nothing left to do for it.
    func accept(_ message: StoredMessage, bodyInFile: Bool) throws(SQLiteFailure) {
        guard message.recipients.contains(where: { !$0.state.isFinal }) else { return }
        insertMessage.bind(1, message.queueID.rawValue)
        insertMessage.bind(2, message.receivedAt.microseconds)
        insertMessage.bind(3, message.reversePath.description)
        insertMessage.bind(4, MessageFlags(message).rawValue)
        insertMessage.bind(5, message.sessionJSON)
        insertMessage.bind(6, Int64(message.region?.count ?? message.size))
        insertMessage.bind(8, message.dsn.envelopeID)
        if bodyInFile {
            insertMessage.bindNull(7)
        } else {
            insertMessage.bind(7, message.region?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
        // The region must outlive the statement, which was given a pointer into it.
        try withExtendedLifetime(message.region) { () throws(SQLiteFailure) in try insertMessage.run() }
        insertMessage.bindNull(7)
        for copy in message.recipients {
            insertRecipient.bind(1, message.queueID.rawValue)
            insertRecipient.bind(2, Int64(copy.index))
            insertRecipient.bind(3, copy.address.description)
            insertRecipient.bind(4, copy.policyDomain)
            insertRecipient.bind(5, Int64(copy.state.rawValue))
            insertRecipient.bind(6, copy.addedHeaders)
            insertRecipient.bind(7, copy.reason)
            insertRecipient.bind(8, copy.score)
            insertRecipient.bind(9, Int64(copy.attempts))
            insertRecipient.bind(10, copy.nextAttempt.microseconds)
            if let notify = copy.notify { insertRecipient.bind(11, Int64(notify.rawValue)) } else { insertRecipient.bindNull(11) }
            insertRecipient.bind(12, copy.originalRecipient)
            insertRecipient.bind(13, copy.reversePath?.description)
            insertRecipient.bind(14, Int64(copy.isDelayTold ? 1 : 0))
            try insertRecipient.run()
        }
    }

    /// Returns the messages that are gone with their last copy. Final or unknown copies are left alone.
    func change(_ changes: [RecipientChange]) throws(SQLiteFailure) -> [QueueID] {
        var gone: [QueueID] = []
        var start = 0
        while start < changes.count {
            let id = changes[start].queueID
            var end = start + 1
            while end < changes.count, changes[end].queueID == id { end += 1 }
            if try change(changes[start..<end], of: id) { gone.append(id) }
            start = end
        }
        return gone
    }

    /// True when the message is gone.
    private func change(_ changes: ArraySlice<RecipientChange>, of id: QueueID) throws(SQLiteFailure) -> Bool {
        var open: Set<Int> = []
        openCopies.bind(1, id.rawValue)
        while try openCopies.next() { open.insert(Int(openCopies.integer(0))) }
        if open.isEmpty { return false }
        var stillOpen = open
        for change in changes { if change.state.isFinal { stillOpen.remove(change.index) } }
        if stillOpen.isEmpty {
            deleteCopies.bind(1, id.rawValue)
            try deleteCopies.run()
            deleteMessage.bind(1, id.rawValue)
            try deleteMessage.run()
            return true
        }
        for change in changes where open.contains(change.index) {
            let statement = change.addedHeaders == nil ? updateCopy : updateCopyAndHeaders
            statement.bind(1, id.rawValue)
            statement.bind(2, Int64(change.index))
            statement.bind(3, Int64(change.state.rawValue))
            statement.bind(4, Int64(change.attempts))
            statement.bind(5, change.nextAttempt.microseconds)
            statement.bind(6, change.reason)
            statement.bind(8, Int64(change.tellsDelay ? 1 : 0))
            if let headers = change.addedHeaders { statement.bind(7, headers) }
            try statement.run()
        }
        return false
    }
}
