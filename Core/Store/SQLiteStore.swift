import GRDB
import Glibc
import Mail

/// The durable store of one data folder. README.md says what is where and what a crash leaves.
public final class SQLiteStore: MessageStore {
    private let lock: FolderLock
    private let space: FreeSpace
    let queuePool: DatabasePool
    let receiptPool: DatabasePool
    private let bodies: BodyFiles
    private let writer: GroupCommit
    private let reader: QueueReader
    private let journal: ReceiptJournal

    /// Opens or makes the store in `folder`, an absolute path that exists. Blocks for the checks. A failure's text names the file and the
    /// mend. New mail is refused
    /// as `.full` while fewer than `reserve` bytes would stay free; 0: only when the disk itself says so. `report` gets lines for the operator's log, on any thread.
    public init(
        folder: String, clock: any WallClock, receiptsKept: Duration = .seconds(30 * 86400), reserve: Int = 64 << 20,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(StoreFailure) {
        lock = try FolderLock(folder: folder)
        bodies = try BodyFiles(folder: folder + "/bodies")
        space = FreeSpace(folder: folder, reserve: reserve)
        let queuePath = folder + "/queue.db"
        let receiptPath = folder + "/receipts.db"
        // receipts.db is made after queue.db is whole, so it proves that there was a queue.
        let hadOne = Self.exists(receiptPath) ? receiptPath : bodies.isEmpty ? nil : folder + "/bodies"
        queuePool = try DatabaseFile.open(queuePath, .queue, .full, hadOne: hadOne)
        try BodyFiles.sync(folder: folder)
        receiptPool = try DatabaseFile.open(receiptPath, .receipts, .normal, hadOne: nil)
        try BodyFiles.sync(folder: folder)
        do {
            journal = try ReceiptJournal(receiptPool, path: receiptPath, clock: clock, kept: receiptsKept, report: report)
        } catch { throw SQLiteFailure(error).storeFailure(receiptPath) }
        do {
            let highest = try queuePool.read { try Int64.fetchOne($0, sql: "SELECT value FROM meta WHERE name = 'highest'") ?? 0 }
            writer = try GroupCommit(queuePool, path: queuePath, bodies: bodies, space: space, highest: max(highest, journal.highest))
            reader = QueueReader(pool: queuePool, path: queuePath, bodies: bodies)
            // Files that a crash left between their sync and their row, or between the last copy's commit and the unlink.
            let orphans = try queuePool.read { db in
                try bodies.all.filter { id in
                    try Bool.fetchOne(db, sql: "SELECT body IS NULL FROM message WHERE id = ?", arguments: [id.rawValue]) != true
                }
            }
            bodies.remove(Array(orphans))
        } catch { throw SQLiteFailure(error).storeFailure(queuePath) }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    public func accept(_ message: StoredMessage, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        guard let region = message.region, region.count > BodyFiles.threshold else {
            return writer.submit(.init(work: .accept(message, bodyInFile: false), completion: completion))
        }
        if let refusal = space.refusal(region.count) { return completion(.failure(refusal)) }
        bodies.write(region, for: message.queueID) { [writer] result in
            switch result {
            case .success: writer.submit(.init(work: .accept(message, bodyInFile: true), completion: completion))
            case .failure(let failure): completion(.failure(failure))
            }
        }
    }

    public func change(
        _ changes: [RecipientChange], adding messages: [StoredMessage], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    ) {
        writer.submit(.init(work: .change(changes, adding: messages), completion: completion))
    }

    public func append(_ receipt: Receipt) { journal.append(receipt) }

    public func body(of id: QueueID, completion: @escaping @Sendable (Result<Region, StoreFailure>) -> Void) {
        reader.body(of: id, completion: completion)
    }

    public func messages(
        in states: Set<RecipientState>, after: QueueID?, limit: Int,
        completion: @escaping @Sendable (Result<[StoredMessage], StoreFailure>) -> Void
    ) {
        reader.messages(in: states, after: after, limit: limit, completion: completion)
    }

    public func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void) {
        reader.message(id, completion: completion)
    }

    public func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void) {
        journal.receipts(of: id, completion: completion)
    }

    /// Copies per state, final ones only while their message is there. Reads every copy: for people, not for each message.
    public func counts(completion: @escaping @Sendable (Result<[RecipientState: Int], StoreFailure>) -> Void) {
        reader.counts(completion: completion)
    }

    public var highestQueueID: QueueID { writer.highestQueueID }

    /// Transactions of queue.db since the start, and the accepts and changes that they held: each transaction is one sync.
    public var commits: (count: Int, entries: Int) { writer.commits }

    /// Commits what waits and closes both files; what comes later fails. Blocks; not from a completion.
    public func close() {
        bodies.drain()
        writer.close()
        bodies.drain()
        journal.close()
        for pool in [queuePool, receiptPool] {
            // Else the next start reads the log; where it fails, that is what happens, and nothing is lost.
            _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
            try? pool.close()
        }
        lock.release()
    }
}
