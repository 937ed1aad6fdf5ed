/// The tables of one database file, and the version that they are.
struct Schema: Sendable {
    /// `PRAGMA user_version`. Raise it with every change, and write the step from the one before.
    var version: Int
    /// Makes them anew.
    var sql: String
    /// Version -> what makes the next one of it. From each version that was ever released to the newest.
    var steps: [Int: String] = [:]
    /// What must be there.
    var names: Set<String>
    /// What must be there in a file of an older version.
    var olderNames: Set<String> = []

    /// A message and its copies; the same in queue.db and quarantine.db. `body` is NULL when the body is a file. It comes last, so that
    /// reading the other columns touches none of its pages.
    private static let messages = """
        CREATE TABLE message (
            id INTEGER PRIMARY KEY, received INTEGER NOT NULL, reverse_path TEXT NOT NULL, flags INTEGER NOT NULL,
            session TEXT NOT NULL, size INTEGER NOT NULL, envelope_id TEXT, body BLOB);
        CREATE TABLE recipient (
            message INTEGER NOT NULL, place INTEGER NOT NULL, address TEXT NOT NULL, domain TEXT NOT NULL, state INTEGER NOT NULL,
            headers TEXT NOT NULL, reason TEXT NOT NULL, score REAL NOT NULL, attempts INTEGER NOT NULL,
            next_attempt INTEGER NOT NULL, notify INTEGER, original TEXT, reverse_path TEXT, told INTEGER NOT NULL DEFAULT 0,
            outbound INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (message, place)) WITHOUT ROWID;
        """

    /// `held` is partial: mail that just goes through never touches it. `decided` holds the numbers of moves that count.
    static let queue = Schema(
        version: 4,
        sql: messages + """
            CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES ('highest', 0), ('queued', 0), ('quarantine', 0);
            CREATE INDEX held ON recipient (message) WHERE state = 2;
            CREATE TABLE decided (number INTEGER PRIMARY KEY);
            """,
        steps: [
            // The table is made anew because `body` must stay the last column.
            1: """
            ALTER TABLE message RENAME TO message_1;
            CREATE TABLE message (
                id INTEGER PRIMARY KEY, received INTEGER NOT NULL, reverse_path TEXT NOT NULL, flags INTEGER NOT NULL,
                session TEXT NOT NULL, size INTEGER NOT NULL, envelope_id TEXT, body BLOB);
            INSERT INTO message SELECT id, received, reverse_path, flags, session, size, NULL, body FROM message_1 ORDER BY id;
            DROP TABLE message_1;
            ALTER TABLE recipient ADD COLUMN notify INTEGER;
            ALTER TABLE recipient ADD COLUMN original TEXT;
            """,
            2: """
            ALTER TABLE recipient ADD COLUMN reverse_path TEXT;
            ALTER TABLE recipient ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
            """,
            // Its quarantined copies are moved, and the index that finds them is dropped, by `StartUp.takeOver`.
            3: """
            ALTER TABLE recipient ADD COLUMN outbound INTEGER NOT NULL DEFAULT 0;
            UPDATE recipient SET outbound = 1 WHERE message IN (SELECT id FROM message WHERE flags & 4);
            CREATE TABLE decided (number INTEGER PRIMARY KEY);
            INSERT INTO meta VALUES ('queued', (SELECT count(*) FROM recipient WHERE state = 1)), ('quarantine', 0);
            """,
        ],
        names: ["meta", "message", "recipient", "held", "decided"],
        olderNames: ["meta", "message", "recipient", "held", "quarantined"])

    /// `pending`: copies on their way here or away, until their move counts (see README).
    static let quarantine = Schema(
        version: 1,
        sql: messages + """
            CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES ('highest', 0);
            CREATE INDEX quarantined ON recipient (message) WHERE state = 3;
            CREATE TABLE pending (
                message INTEGER NOT NULL, place INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL,
                PRIMARY KEY (message, place)) WITHOUT ROWID;
            CREATE INDEX pending_number ON pending (number);
            """,
        names: ["meta", "message", "recipient", "quarantined", "pending"])

    static let receipts = Schema(
        version: 1,
        sql: """
            CREATE TABLE receipt (
                id INTEGER PRIMARY KEY, message INTEGER NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, json TEXT NOT NULL);
            CREATE INDEX receipt_message ON receipt (message);
            """,
        names: ["receipt", "receipt_message"])
}
