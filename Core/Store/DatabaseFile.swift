import GRDB
import Glibc
import Mail

/// Opens one SQLite file and refuses, with the mend, whatever it must not touch.
enum DatabaseFile {
    /// `PRAGMA synchronous`.
    enum Synchronous: Int { case normal = 1, full = 2 }

    /// Bytes.
    static let pageSize = 16384
    /// Past this size `quick_check`, which reads everything, would make a start too slow.
    static let checkedSize: Int64 = 256 << 20

    /// `hadOne`: what shows that there was such a file before, or nil if a new one may be made; `mend`: what to do when it is not there.
    static func open(
        _ path: String, _ schema: Schema, _ synchronous: Synchronous, hadOne: String?,
        mend: String = "or, if that mail may be lost, move the data folder away"
    ) throws(StoreFailure) -> DatabasePool {
        var status = stat()
        let exists = stat(path, &status) == 0
        if let hadOne, !exists || status.st_size == 0 {
            throw StoreFailure(
                .damaged,
                "\(path) is \(exists ? "empty" : "missing"), but \(hadOne) shows that it held mail: restore it, \(mend)")
        }
        do {
            let isBig = status.st_size > checkedSize
            let isChecked = try exists && status.st_size > 0 && check(path, schema, hadOne, isBig: isBig)
            var configuration = Self.configuration
            configuration.maximumReaderCount = 3
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL when it switches to WAL, so this comes after; before the tables are made, which else a power cut could
                // take; and is believed only when read back.
                try db.execute(sql: "PRAGMA synchronous = \(synchronous.rawValue); PRAGMA journal_size_limit = 67108864")
                let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode")
                let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
                guard mode == "wal", level == synchronous.rawValue else {
                    throw StoreFailure(
                        .unavailable,
                        "\(path): journal_mode is \(mode ?? "?") and synchronous is \(level ?? -1): this file system cannot keep the promise "
                            + "of a 250; use a local one")
                }
                if !isChecked { try verify(db, path, schema, hadOne, isBig: isBig) }
                try makeIfNew(db, schema)
                try migrate(db, schema)
            }
            return pool
        } catch let failure as StoreFailure {
            throw failure
        } catch {
            throw SQLiteFailure(error).storeFailure(path)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            // Of a file that is made anew. Fewer, larger pages make a commit cheaper.
            try db.execute(sql: "PRAGMA page_size = \(pageSize)")
            try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")
        }
        return configuration
    }

    /// On a connection that cannot write: a damaged file must not be changed, neither by the switch to WAL nor by taking its log over, before
    /// somebody has made a copy of it. False: it cannot be read so, since a rollback journal, which only a first start that was cut off leaves,
    /// has to be played back first.
    private static func check(_ path: String, _ schema: Schema, _ hadOne: String?, isBig: Bool) throws -> Bool {
        if access(path + "-journal", F_OK) == 0 { return false }
        var configuration = Self.configuration
        configuration.readonly = true
        let reader = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? reader.close() }
        try reader.read { try verify($0, path, schema, hadOne, isBig: isBig) }
        return true
    }

    /// Takes an older file to this version, all of it or nothing.
    private static func migrate(_ db: Database, _ schema: Schema) throws {
        var version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        guard version < schema.version else { return }
        try db.inTransaction(.immediate) {
            while version < schema.version {
                guard let step = schema.steps[version] else {
                    throw StoreFailure(.unavailable, "schema \(version) is older than any that this version can take over")
                }
                try db.execute(sql: step)
                version += 1
            }
            try db.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// Refuses what is no file of ours, or damaged. An empty one may be made anew, unless there was one before.
    private static func verify(_ db: Database, _ path: String, _ schema: Schema, _ hadOne: String?, isBig: Bool) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let names = try Set(String.fetchAll(db, sql: "SELECT name FROM sqlite_schema"))
        if version > schema.version {
            throw StoreFailure(
                .unavailable,
                "\(path) was written by a newer Postern (schema \(version), this one knows \(schema.version)): run that version, or restore a "
                    + "backup from before")
        }
        if version == 0, names.isEmpty, hadOne == nil { return }
        let wanted = version < schema.version && version > 0 ? schema.olderNames : schema.names
        if version == 0 || !names.isSuperset(of: wanted) {
            let missing = wanted.subtracting(names).sorted().joined(separator: ", ")
            throw StoreFailure(.damaged, "\(path): the database is damaged (missing: \(missing)): restore it, or move the data folder away")
        }
        if !isBig, let fault = try String.fetchOne(db, sql: "PRAGMA quick_check(1)"), fault != "ok" {
            throw SQLiteFailure(DatabaseError(resultCode: .SQLITE_CORRUPT, message: fault))
        }
    }

    private static func makeIfNew(_ db: Database, _ schema: Schema) throws {
        guard try Int.fetchOne(db, sql: "PRAGMA user_version") == 0 else { return }
        try db.inTransaction(.immediate) {
            try db.execute(sql: schema.sql)
            try db.execute(sql: "PRAGMA user_version = \(schema.version)")
            return .commit
        }
    }
}
