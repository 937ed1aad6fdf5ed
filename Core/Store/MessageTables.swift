import Mail

/// The statements that change a message and its copies, in either file, and what the transaction under way does. Bound to the file's writer.
class MessageTables {
    struct Copy {
        var place: Int
        var state: RecipientState
    }

    private let begin, commit, rollback, outdo: PreparedStatement
    private let raiseHighest, insertMessage, insertIfNew, insertCopy, replaceCopy: PreparedStatement
    private let selectOpen, updateCopy, updateCopyAndHeaders, deleteCopy, deleteCopies, deleteMessage: PreparedStatement
    private let freePages: PreparedStatement
    let rows: MessageRows
    let path: String
    var effects = CommitEffects()
    /// True while a COMMIT that failed may stand in the log whole: its sync failed, or the log's index could not grow. Here it was rolled
    /// back, but an open after a crash would take it in. The next transaction that succeeds is written over it.
    private(set) var isInDoubt = false

    init(_ connection: OpaquePointer, path: String) throws(SQLiteFailure) {
        self.path = path
        rows = MessageRows(connection, path: path)
        begin = try PreparedStatement(connection, "BEGIN IMMEDIATE")
        commit = try PreparedStatement(connection, "COMMIT")
        rollback = try PreparedStatement(connection, "ROLLBACK")
        // Something that is sure to differ, since what changes nothing writes nothing.
        outdo = try PreparedStatement(
            connection, "INSERT INTO meta VALUES ('doubts', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1")
        raiseHighest = try PreparedStatement(connection, "UPDATE meta SET value = max(value, ?1) WHERE name = 'highest'")
        let values = "INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?7)"
        insertMessage = try PreparedStatement(connection, "INSERT " + values)
        insertIfNew = try PreparedStatement(connection, "INSERT OR IGNORE " + values)
        let columns = "INTO recipient VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
        insertCopy = try PreparedStatement(connection, "INSERT " + columns)
        replaceCopy = try PreparedStatement(connection, "INSERT OR REPLACE " + columns)
        selectOpen = try PreparedStatement(
            connection, "SELECT place, state FROM recipient WHERE message = ?1 AND state < 10 ORDER BY place")
        let update = "UPDATE recipient SET state = ?3, attempts = ?4, next_attempt = ?5, reason = ?6, told = told OR ?8"
        updateCopy = try PreparedStatement(connection, update + " WHERE message = ?1 AND place = ?2")
        updateCopyAndHeaders = try PreparedStatement(connection, update + ", headers = ?7 WHERE message = ?1 AND place = ?2")
        deleteCopy = try PreparedStatement(connection, "DELETE FROM recipient WHERE message = ?1 AND place = ?2")
        deleteCopies = try PreparedStatement(connection, "DELETE FROM recipient WHERE message = ?1")
        deleteMessage = try PreparedStatement(connection, "DELETE FROM message WHERE id = ?1")
        freePages = try PreparedStatement(
            connection, "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size")
    }

    /// Bytes of the file that hold nothing.
    func freeBytes() -> Int {
        guard (try? freePages.next()) == true else { return 0 }
        defer { freePages.reset() }
        return Int(freePages.integer(0))
    }

    /// Runs `work` as one transaction: all of it or nothing.
    func transaction(_ work: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) -> CommitEffects {
        effects = CommitEffects()
        try begin.run()
        do throws(SQLiteFailure) {
            try work()
            try conclude()
            if isInDoubt { try outdo.run() }
        } catch {
            // SQLite has rolled back by itself after some errors; then this fails, rightly.
            try? rollback.run()
            throw error
        }
        do throws(SQLiteFailure) { try commit.run() } catch {
            isInDoubt = true
            try? rollback.run()
            throw error
        }
        isInDoubt = false
        committed()
        return effects
    }

    /// After a transaction.
    func committed() {}

    /// The transaction's last statements.
    func conclude() throws(SQLiteFailure) {
        guard let newest = effects.newest else { return }
        raiseHighest.bind(1, newest.rawValue)
        try raiseHighest.run()
    }

    // MARK: Messages

    /// The message with its copies, all of which belong to this file. `isKnown`: its row may be here already, with other copies.
    func insert(_ message: StoredMessage, bodyInFile: Bool, flags more: MessageFlags = [], isKnown: Bool = false) throws(SQLiteFailure) {
        let insert = isKnown ? insertIfNew : insertMessage
        insert.bind(1, message.queueID.rawValue)
        insert.bind(2, message.receivedAt.microseconds)
        insert.bind(3, message.reversePath.description)
        insert.bind(4, MessageFlags(message).union(more).rawValue)
        insert.bind(5, message.sessionJSON)
        insert.bind(6, Int64(message.region?.count ?? message.size))
        insert.bind(8, message.dsn.envelopeID)
        if bodyInFile {
            insert.bindNull(7)
            effects.bodies.append((message.queueID, true))
        } else {
            insert.bind(7, message.region?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
        // The region must outlive the statement, which was given a pointer into it.
        try withExtendedLifetime(message.region) { () throws(SQLiteFailure) in try insert.run() }
        insert.bindNull(7)
        for copy in message.recipients { try self.insert(copy, of: message, by: isKnown ? replaceCopy : insertCopy) }
        effects.came(message.queueID)
    }

    private func insert(_ copy: StoredRecipient, of message: StoredMessage, by insertCopy: PreparedStatement) throws(SQLiteFailure) {
        insertCopy.bind(1, message.queueID.rawValue)
        insertCopy.bind(2, Int64(copy.index))
        insertCopy.bind(3, copy.address.description)
        insertCopy.bind(4, copy.policyDomain)
        insertCopy.bind(5, Int64(copy.state.rawValue))
        insertCopy.bind(6, copy.addedHeaders)
        insertCopy.bind(7, copy.reason)
        insertCopy.bind(8, copy.score)
        insertCopy.bind(9, Int64(copy.attempts))
        insertCopy.bind(10, copy.nextAttempt.microseconds)
        if let notify = copy.notify { insertCopy.bind(11, Int64(notify.rawValue)) } else { insertCopy.bindNull(11) }
        insertCopy.bind(12, copy.originalRecipient)
        insertCopy.bind(13, copy.reversePath?.description)
        insertCopy.bind(14, Int64(copy.isDelayTold ? 1 : 0))
        insertCopy.bind(15, Int64(message.role == .outbound ? 1 : 0))
        try insertCopy.run()
        effects.counts.add(copy.state)
    }

    // MARK: Copies

    /// By place.
    func openCopies(of id: QueueID) throws(SQLiteFailure) -> [Copy] {
        var open: [Copy] = []
        selectOpen.bind(1, id.rawValue)
        while try selectOpen.next() {
            guard let state = RecipientState(rawValue: Int(selectOpen.integer(1))) else { continue }
            open.append(Copy(place: Int(selectOpen.integer(0)), state: state))
        }
        return open
    }

    /// Without those whose copy is known to be in another state than the one that they want.
    static func effective(_ changes: ArraySlice<RecipientChange>, _ open: [Copy]) -> ArraySlice<RecipientChange> {
        guard changes.contains(where: { $0.from != nil }) else { return changes }
        return changes.filter { change in
            guard let from = change.from else { return true }
            guard let at = index(of: change.index, in: open) else { return from == .quarantined }
            return open[at].state == from
        }[...]
    }

    /// Throws when a change that an added message tells of comes to nothing here. Of a copy that is not here: unless it may be elsewhere.
    static func checkTold(_ changes: ArraySlice<RecipientChange>, _ open: [Copy], mayBeElsewhere: Bool) throws(SQLiteFailure) {
        for change in changes where change.isTold {
            if let at = index(of: change.index, in: open) {
                if let from = change.from, open[at].state != from { throw .outdated(change) }
            } else if !mayBeElsewhere || change.from.map({ $0 != .quarantined }) ?? false {
                throw .outdated(change)
            }
        }
    }

    /// Changes copies of one message, of which `open` are open here; the others are left alone. The message goes with its last open copy.
    func change(_ changes: ArraySlice<RecipientChange>, of id: QueueID, open: [Copy]) throws(SQLiteFailure) {
        let changes = Self.effective(changes, open)
        if open.isEmpty || changes.isEmpty { return }
        var left = open
        for change in changes {
            if let at = Self.index(of: change.index, in: left) { left[at].state = change.state }
        }
        if left.allSatisfy(\.state.isFinal) { return try remove(id, open: open) }
        for change in changes where Self.index(of: change.index, in: open) != nil {
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
        for copy in open { effects.counts.add(copy.state, -1) }
        for copy in left { effects.counts.add(copy.state) }
    }

    /// The message with all of its copies.
    func remove(_ id: QueueID, open: [Copy]) throws(SQLiteFailure) {
        deleteCopies.bind(1, id.rawValue)
        try deleteCopies.run()
        deleteMessage.bind(1, id.rawValue)
        try deleteMessage.run()
        for copy in open { effects.counts.add(copy.state, -1) }
        effects.bodies.append((id, false))
    }

    /// One copy, whose place is somewhere else now.
    func remove(_ copy: Copy, of id: QueueID) throws(SQLiteFailure) {
        deleteCopy.bind(1, id.rawValue)
        deleteCopy.bind(2, Int64(copy.place))
        try deleteCopy.run()
        effects.counts.add(copy.state, -1)
    }

    /// `copies` are in order of place.
    static func index(of place: Int, in copies: [Copy]) -> Int? {
        var low = 0
        var high = copies.count
        while low < high {
            let middle = (low + high) / 2
            if copies[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low < copies.count && copies[low].place == place ? low : nil
    }
}

extension [RecipientChange] {
    /// Those of each message that follow each other.
    func forEachMessage(_ body: (QueueID, ArraySlice<RecipientChange>) throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
        var start = 0
        while start < count {
            let id = self[start].queueID
            var end = start + 1
            while end < count, self[end].queueID == id { end += 1 }
            try body(id, self[start..<end])
            start = end
        }
    }
}
