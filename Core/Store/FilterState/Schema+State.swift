extension Schema {
    /// `space`: who remembers; `domain` is empty where all domains share it; `entries` and `bytes` are brought up to date by each commit. `value`
    /// comes last, so that reading the other columns touches none of its pages.
    static let state = Schema(
        version: 1,
        sql: """
            CREATE TABLE space (
                id INTEGER PRIMARY KEY, plugin TEXT NOT NULL, domain TEXT NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
                UNIQUE (plugin, domain));
            CREATE TABLE entry (
                space INTEGER NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, expires INTEGER NOT NULL, value BLOB NOT NULL,
                PRIMARY KEY (space, key)) WITHOUT ROWID;
            CREATE INDEX entry_expires ON entry (expires);
            CREATE TABLE counter (
                space INTEGER NOT NULL, key BLOB NOT NULL, span INTEGER NOT NULL, expires INTEGER NOT NULL, sums BLOB NOT NULL,
                PRIMARY KEY (space, key, span)) WITHOUT ROWID;
            CREATE INDEX counter_expires ON counter (expires);
            CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES ('version', 0);
            """,
        names: ["space", "entry", "entry_expires", "counter", "counter_expires", "meta"])
}
