import GRDB
import Glibc
import Mail

/// Opens the files of a data folder, in the order that lets a missing one be told from one that was never made, and puts them in order.
struct DataFiles {
    let queuePath, quarantinePath, receiptPath: String
    let queue, quarantine, receipts: DatabasePool
    let counts: CopyCounts

    init(folder: String, bodies: BodyFiles) throws(StoreFailure) {
        queuePath = folder + "/queue.db"
        quarantinePath = folder + "/quarantine.db"
        receiptPath = folder + "/receipts.db"
        // The other two are made after queue.db is whole, so each proves that there was a queue.
        let proof = [quarantinePath, receiptPath].first(where: Self.exists) ?? (bodies.isEmpty ? nil : folder + "/bodies")
        queue = try DatabaseFile.open(queuePath, .queue, .full, hadOne: proof)
        try BodyFiles.sync(folder: folder)
        // queue.db says whether quarantine.db was ever made: older versions had none.
        let hadQuarantine = try Self.reading(queuePath) { [queue] in try StartUp.hadQuarantine(queue) }
        quarantine = try DatabaseFile.open(
            quarantinePath, .quarantine, .full, hadOne: hadQuarantine ? queuePath : nil,
            mend:
                "or, if what was in quarantine may be lost, `sqlite3 \(queuePath) \"UPDATE meta SET value = 0 WHERE name = 'quarantine'\"`")
        try BodyFiles.sync(folder: folder)
        let startUp = StartUp(queue: queue, quarantine: quarantine)
        counts = try Self.reading(queuePath) { [queuePath] in
            try startUp.markQuarantine()
            try startUp.resolve()
            try startUp.takeOver()
            // Files that a crash left between their sync and their row, or between the last copy's commit and the unlink.
            let owners = try startUp.owners(of: bodies.all)
            for (id, isNeeded, owner) in owners where isNeeded { bodies.settle([(id, true)], for: owner) }
            bodies.remove(owners.map(\.id))
            var status = stat()
            return try startUp.counts(isSmall: stat(queuePath, &status) == 0 && status.st_size <= DatabaseFile.checkedSize)
        }
        receipts = try DatabaseFile.open(receiptPath, .receipts, .normal, hadOne: nil)
        try BodyFiles.sync(folder: folder)
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func reading<T>(_ path: String, _ work: () throws -> T) throws(StoreFailure) -> T {
        do { return try work() } catch { throw (error as? StoreFailure) ?? SQLiteFailure(error).storeFailure(path) }
    }
}
