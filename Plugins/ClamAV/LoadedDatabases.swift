import PosternKit
import Synchronization

/// Instances with equal engine settings share a database: it may take a gigabyte. Any thread.
final class LoadedDatabases: Sendable {
    static let shared = LoadedDatabases()

    private struct Entry {
        weak var database: FileBacked<Database>?
    }

    private let entries = Mutex<[EngineSettings: Entry]>([:])

    func database(_ settings: EngineSettings, host: Host) -> FileBacked<Database> {
        entries.withLock { entries in
            if let there = entries[settings]?.database { return there }
            entries = entries.filter { $0.value.database != nil }
            let database = FileBacked(Database(settings: settings), every: settings.interval, host: host)
            entries[settings] = Entry(database: database)
            return database
        }
    }
}
