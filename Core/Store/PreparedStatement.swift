import GRDBSQLite
import Mail

/// One prepared statement of SQLite's C interface, for the hot path: bound, run, reset, used again. Bound to its connection's queue.
final class PreparedStatement {
    private let connection: OpaquePointer
    private let handle: OpaquePointer

    init(_ connection: OpaquePointer, _ sql: String) throws(SQLiteFailure) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw SQLiteFailure(connection) }
        self.connection = connection
        self.handle = handle
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ column: Int32, _ value: Int64) { sqlite3_bind_int64(handle, column, value) }
    func bind(_ column: Int32, _ value: Double) { sqlite3_bind_double(handle, column, value) }
    func bindNull(_ column: Int32) { sqlite3_bind_null(handle, column) }
    func bind(_ column: Int32, _ value: String?) { if let value { bind(column, value) } else { bindNull(column) } }

    /// Copied by SQLite.
    func bind(_ column: Int32, _ value: String) {
        var value = value
        value.withUTF8 { bytes in
            let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)  // SQLITE_TRANSIENT
            bytes.withMemoryRebound(to: CChar.self) {
                _ = sqlite3_bind_text(handle, column, $0.baseAddress ?? Self.empty, Int32($0.count), copied)
            }
        }
    }

    /// Not copied: `bytes` must live until `run` has returned.
    func bind(_ column: Int32, _ bytes: UnsafeRawBufferPointer) {
        if bytes.count == 0 {
            sqlite3_bind_zeroblob(handle, column, 0)
        } else {
            sqlite3_bind_blob64(handle, column, bytes.baseAddress, UInt64(bytes.count), nil)
        }
    }

    /// Copied by SQLite.
    func bind(_ column: Int32, _ bytes: [UInt8]) {
        if bytes.isEmpty { return bind(column, UnsafeRawBufferPointer(start: nil, count: 0)) }
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)  // SQLITE_TRANSIENT
        _ = bytes.withUnsafeBytes { sqlite3_bind_blob64(handle, column, $0.baseAddress, UInt64($0.count), copied) }
    }

    /// For a statement without rows.
    func run() throws(SQLiteFailure) {
        let code = sqlite3_step(handle)
        if code != SQLITE_DONE && code != SQLITE_ROW {
            let failure = SQLiteFailure(connection)
            sqlite3_reset(handle)
            throw failure
        }
        sqlite3_reset(handle)
    }

    /// The next row is there to be read; after the last one the statement is reset.
    func next() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        default:
            let failure = SQLiteFailure(connection)
            sqlite3_reset(handle)
            throw failure
        }
    }

    /// Ends a read before its last row.
    func reset() { sqlite3_reset(handle) }

    /// Rows that the newest run changed.
    var changes: Int { Int(sqlite3_changes(connection)) }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func number(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self)
    }

    /// Valid until the next call on this statement.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    // A pointer that is not NULL, since NULL would bind NULL and not the empty text. Never read or written.
    nonisolated(unsafe) private static let empty = UnsafePointer(UnsafeMutablePointer<CChar>.allocate(capacity: 1))
}
