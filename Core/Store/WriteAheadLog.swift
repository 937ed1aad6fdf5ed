import GRDB
import GRDBSQLite
import Glibc
import Mail

/// Decides when a file's write-ahead log is taken over into the file. Bound to the file's writer.
///
/// Never from another connection: SQLite before 3.51.3 can lose commits when one connection takes the log over while another one begins it
/// anew (sqlite.org/wal.html, "The WAL-Reset Bug"). So the writer does it itself, between two transactions, when nobody waits if it can.
///
/// Never again after a failure: one that a reader cut short has written pages that only the next one syncs. When that sync fails, the kernel
/// may forget those pages; the one after it would write the rest only, succeed, and drop the log. An open begins with all of the log.
final class WriteAheadLog {
    /// Bytes from which on the log is taken over when nobody waits: some milliseconds' work.
    static let idleBytes = 4 << 20
    /// From which on it is, whoever waits. Longer would save little, since by then the hot pages were written once for many times.
    static let busyBytes = 32 << 20

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
    private let idlePages, busyPages: Int
    private let seen: UnsafeMutablePointer<Seen>
    /// At the newest try: a reader may keep the log from being taken over whole, and then trying after each commit is no use.
    private var tried = 0
    /// After a failure. The log stays, and grows, until the next open.
    private(set) var isGivenUp = false

    /// Takes the place of SQLite's own rule, which makes some commits wait for it.
    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        self.connection = connection
        let size = try PreparedStatement(connection, "PRAGMA page_size")
        let pageSize = try size.next() ? Int(size.integer(0)) : DatabaseFile.pageSize
        size.reset()
        idlePages = Self.idleBytes / pageSize
        busyPages = Self.busyBytes / pageSize
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

    /// True: it was. Throws once, the first time that it cannot be.
    func checkpointIfDue(isBusy: Bool) throws(SQLiteFailure) -> Bool {
        let count = Int(seen.pointee.pages)
        if count < tried { tried = 0 }
        guard !isGivenUp, count >= tried + (isBusy ? busyPages : idlePages) else { return false }
        tried = count
        let code = sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        switch code & 0xFF {
        case SQLITE_OK: return true
        // A full disk refuses before it takes anything: it is tried again when the log has grown.
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL: return false
        default:
            isGivenUp = true
            throw SQLiteFailure(connection)
        }
    }

    static func failure(_ failure: SQLiteFailure, _ path: String) -> StoreFailure {
        StoreFailure(
            .unavailable,
            "\(path)-wal could not be taken over (\(failure.text), SQLite \(failure.code), errno \(failure.systemError)): nothing is lost, since "
                + "the log is kept, but it only grows: look at the disk, then restart")
    }
}

extension DatabasePool {
    /// Closes the file. Its log is taken over first, unless that fails, or `keepingLog`, because it failed before: then the next open does it.
    func close(keepingLog: Bool) {
        if !keepingLog {
            do {
                _ = try writeWithoutTransaction { try $0.checkpoint(.truncate) }
                return (try? close()) ?? ()
            } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL].contains(error.resultCode) {
                return (try? close()) ?? ()
            } catch {}
        }
        // The connection that closes last takes the log over, unless it cannot write.
        var configuration = Configuration()
        configuration.readonly = true
        guard let last = try? DatabaseQueue(path: path, configuration: configuration),
            (try? last.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }) != nil
        else {
            // It stays open until the process ends.
            _ = Unmanaged.passRetained(self)
            return
        }
        try? close()
        try? last.close()
    }
}
