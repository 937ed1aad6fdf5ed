import GRDB
import GRDBSQLite
import Glibc
import Mail

/// What SQLite said when something failed, and what that means for whoever asked.
struct SQLiteFailure: Error {
    /// Extended result code.
    var code: Int32
    var text: String
    /// errno of the system call behind it, or 0.
    var systemError: Int32

    /// The newest failure of a connection.
    init(_ connection: OpaquePointer) {
        code = sqlite3_extended_errcode(connection)
        text = String(cString: sqlite3_errmsg(connection))
        systemError = sqlite3_system_errno(connection)
    }

    /// The file is whole, what stands in it is not.
    init(damage text: String) {
        code = SQLITE_CORRUPT
        self.text = text
        systemError = 0
    }

    init(_ error: any Error) {
        if let failure = error as? SQLiteFailure {
            self = failure
        } else if let error = error as? DatabaseError {
            code = error.extendedResultCode.rawValue
            text = error.message ?? error.resultCode.description
            systemError = 0
        } else {
            code = SQLITE_ERROR
            text = "\(error)"
            systemError = 0
        }
    }

    /// A change that an added message tells of comes to nothing.
    static func outdated(_ change: RecipientChange) -> SQLiteFailure {
        var failure = SQLiteFailure(damage: "copy \(change.index) of \(change.queueID) is in another state by now")
        failure.code = outdatedCode
        return failure
    }

    /// None of SQLite's.
    private static let outdatedCode: Int32 = -1

    /// `path` goes into the text.
    func storeFailure(_ path: String) -> StoreFailure {
        if code == Self.outdatedCode { return StoreFailure(.outdated, text) }
        return switch code & 0xFF {
        case SQLITE_FULL: StoreFailure(.full, "\(path): the disk is full: make space, it goes on by itself")
        case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT || code == SQLITE_IOERR | (19 << 8):
            // SQLITE_IOERR_SHMSIZE: the shared memory file could not grow.
            StoreFailure(.full, "\(path): the disk is full: make space, it goes on by itself")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            StoreFailure(.damaged, "\(path): the database is damaged (\(text)): stop, copy the folder, then `sqlite3 \(path) .recover`")
        default: StoreFailure(.unavailable, "\(path): \(text) (SQLite \(code)\(systemError == 0 ? "" : ", errno \(systemError)"))")
        }
    }
}
