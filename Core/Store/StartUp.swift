import GRDB
import Mail

/// What is put in order between the two files when they are opened, before anything else reads them. Each step may be cut off and run again.
struct StartUp {
    let queue: DatabasePool
    let quarantine: DatabasePool
    /// Messages that one transaction takes over.
    static let page = 100

    /// True once quarantine.db has been made: from then on it must be there.
    static func hadQuarantine(_ queue: DatabasePool) throws -> Bool {
        try queue.read { try Int.fetchOne($0, sql: "SELECT value FROM meta WHERE name = 'quarantine'") } == 1
    }

    func markQuarantine() throws {
        try queue.writeWithoutTransaction { try $0.execute(sql: "UPDATE meta SET value = 1 WHERE name = 'quarantine' AND value = 0") }
    }

    // MARK: Moves that were cut off

    /// What quarantine.db has marked with a number that queue.db has decided counts; everything else that is marked never happened.
    func resolve() throws {
        let marked = try quarantine.read { try Set(Int64.fetchAll($0, sql: "SELECT DISTINCT number FROM pending")) }
        let decided = try queue.read { try Set(Int64.fetchAll($0, sql: "SELECT number FROM decided")) }
        if !marked.isEmpty {
            try quarantine.writeWithoutTransaction { db in
                let tables = try QuarantineTables(db.sqliteConnection!, path: "")
                _ = try tables.transaction { () throws(SQLiteFailure) in
                    for number in marked.sorted() { try tables.settle(number, counts: decided.contains(number)) }
                }
            }
        }
        // Only when no mark is left that asks for them.
        if !decided.isEmpty { try queue.writeWithoutTransaction { try $0.execute(sql: "DELETE FROM decided") } }
    }

    // MARK: Files of version 3 and before

    /// Moves the quarantined copies that older versions kept in queue.db. Its index of them says that there may be some left.
    func takeOver() throws {
        let isOld = try queue.read { try Bool.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema WHERE name = 'quarantined'") ?? false }
        guard isOld else { return }
        while true {
            let ids = try queue.read {
                try Int64.fetchAll(
                    $0, sql: "SELECT DISTINCT message FROM recipient WHERE state = 3 ORDER BY message LIMIT ?", arguments: [Self.page])
            }
            if ids.isEmpty { break }
            let parts = try queue.read { db in try ids.map { try Self.part(QueueID(rawValue: $0), db) } }
            // First there, then no longer here: in between they are in both, and the next open does it again.
            try quarantine.writeWithoutTransaction { db in
                let tables = try QuarantineTables(db.sqliteConnection!, path: "")
                _ = try tables.transaction { () throws(SQLiteFailure) in
                    for part in parts { try tables.insert(part, bodyInFile: part.region == nil, isKnown: true) }
                }
            }
            try queue.write { db in
                for id in ids {
                    try db.execute(sql: "DELETE FROM recipient WHERE message = ? AND state = 3", arguments: [id])
                    let isOpen = try Bool.fetchOne(
                        db, sql: "SELECT count(*) FROM recipient WHERE message = ? AND state < 10", arguments: [id])
                    if isOpen == true {
                        let split = MessageFlags.isSplit.rawValue
                        try db.execute(sql: "UPDATE message SET flags = flags | ? WHERE id = ?", arguments: [split, id])
                    } else {
                        try db.execute(sql: "DELETE FROM recipient WHERE message = ?", arguments: [id])
                        try db.execute(sql: "DELETE FROM message WHERE id = ?", arguments: [id])
                    }
                }
            }
        }
        try queue.write { try $0.execute(sql: "DROP INDEX quarantined") }
    }

    private static func part(_ id: QueueID, _ db: Database) throws -> StoredMessage {
        let rows = MessageRows(db.sqliteConnection!, path: "")
        guard var message = try rows.message(id)?.message else { throw SQLiteFailure(damage: "\(id) has copies but no message") }
        message.recipients.removeAll { $0.state != .quarantined }
        if case .bytes(let region)? = try rows.body(of: id) { message.region = region }
        return message
    }

    // MARK: Counts

    /// Exact. Those in the queue are kept in a row that each transaction brings up to date, since counting a million takes a while; a small
    /// file is counted anyway, in case somebody has had a hand in it.
    func counts(isSmall: Bool) throws -> CopyCounts {
        var counts = CopyCounts()
        try queue.writeWithoutTransaction { db in
            counts.held = try Int.fetchOne(db, sql: "SELECT count(*) FROM recipient WHERE state = 2") ?? 0
            counts.queued = try Int.fetchOne(db, sql: "SELECT value FROM meta WHERE name = 'queued'") ?? 0
            guard isSmall else { return }
            let queued = try Int.fetchOne(db, sql: "SELECT count(*) FROM recipient WHERE state = 1") ?? 0
            if queued == counts.queued { return }
            counts.queued = queued
            try db.execute(sql: "UPDATE meta SET value = ? WHERE name = 'queued'", arguments: [queued])
        }
        try quarantine.read { counts.quarantined = try Int.fetchOne($0, sql: "SELECT count(*) FROM recipient WHERE state = 3") ?? 0 }
        return counts
    }

    /// Which body files are needed, by whom.
    func owners(of ids: [QueueID]) throws -> [(id: QueueID, isNeeded: Bool, owner: BodyFiles.Owner)] {
        try [(queue, BodyFiles.Owner.queue), (quarantine, .quarantine)].flatMap { pool, owner in
            try pool.read { db in
                try ids.map { id in
                    let isNull = try Bool.fetchOne(db, sql: "SELECT body IS NULL FROM message WHERE id = ?", arguments: [id.rawValue])
                    return (id, isNull == true, owner)
                }
            }
        }
    }
}
