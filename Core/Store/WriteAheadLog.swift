import GRDBSQLite

/// Decides when a file's write-ahead log is taken over into the file. Bound to the file's writer.
///
/// Never from another connection: SQLite before 3.51.3 can lose commits when one connection takes the log over while another one begins it
/// anew (sqlite.org/wal.html, "The WAL-Reset Bug"). So the writer does it itself, between two transactions, when nobody waits if it can.
final class WriteAheadLog {
    /// Pages (4 KiB) from which on the log is taken over when nobody waits: some milliseconds' work.
    static let idlePages: Int32 = 1000
    /// From which on it is, whoever waits: 32 MiB. Longer would save little, since by then the hot pages were written once for many times.
    static let busyPages: Int32 = 8000

    /// The log.
    static let syncsPerCommit = 1
    /// The log, the file, and the log's new header.
    static let syncsPerCheckpoint = 3

    private struct Seen {
        /// Of the log, after the newest commit.
        var pages: Int32 = 0
        /// Commits that wrote something: each is a sync.
        var commits = 0
    }

    private let connection: OpaquePointer
    private let seen: UnsafeMutablePointer<Seen>
    /// At the newest try: a reader may keep the log from being taken over whole, and then trying after each commit is no use.
    private var tried: Int32 = 0

    /// Takes the place of SQLite's own rule, which makes some commits wait for it.
    init(_ connection: OpaquePointer) {
        self.connection = connection
        seen = .allocate(capacity: 1)
        seen.initialize(to: Seen())
        sqlite3_wal_hook(
            connection,
            { seen, _, _, pages in
                let seen = seen?.assumingMemoryBound(to: Seen.self)
                seen?.pointee.pages = pages
                seen?.pointee.commits += 1
                return SQLITE_OK
            }, seen)
    }

    var commits: Int { seen.pointee.commits }

    deinit {
        sqlite3_wal_hook(connection, nil, nil)
        seen.deallocate()
    }

    /// True: it was.
    func checkpointIfDue(isBusy: Bool) -> Bool {
        let pages = seen.pointee.pages
        if pages < tried { tried = 0 }
        guard pages >= tried + (isBusy ? Self.busyPages : Self.idlePages) else { return false }
        tried = pages
        // A failure, such as a full disk, leaves the log as it is: it is tried again when it has grown.
        return sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) == SQLITE_OK
    }
}
