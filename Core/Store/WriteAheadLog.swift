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

    private let connection: OpaquePointer
    private let pages: UnsafeMutablePointer<Int32>
    /// At the newest try: a reader may keep the log from being taken over whole, and then trying after each commit is no use.
    private var tried: Int32 = 0

    /// Takes the place of SQLite's own rule, which makes some commits wait for it.
    init(_ connection: OpaquePointer) {
        self.connection = connection
        pages = .allocate(capacity: 1)
        pages.initialize(to: 0)
        sqlite3_wal_hook(
            connection,
            { pages, _, _, count in
                pages?.assumingMemoryBound(to: Int32.self).pointee = count
                return SQLITE_OK
            }, pages)
    }

    deinit {
        sqlite3_wal_hook(connection, nil, nil)
        pages.deallocate()
    }

    /// True: it was.
    func checkpointIfDue(isBusy: Bool) -> Bool {
        if pages.pointee < tried { tried = 0 }
        guard pages.pointee >= tried + (isBusy ? Self.busyPages : Self.idlePages) else { return false }
        tried = pages.pointee
        // A failure, such as a full disk, leaves the log as it is: it is tried again when it has grown.
        return sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) == SQLITE_OK
    }
}
