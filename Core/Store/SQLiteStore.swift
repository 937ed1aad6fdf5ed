import GRDB
import Glibc
import Mail

/// The durable store of one data folder. README.md says what is where and what a crash leaves.
public final class SQLiteStore: MessageStore {
    private let lock: FolderLock
    private let space: FreeSpace
    let queuePool: DatabasePool
    let quarantinePool: DatabasePool
    let receiptPool: DatabasePool
    let bodies: BodyFiles
    private let queue: GroupCommit<QueueTables>
    private let quarantine: GroupCommit<QuarantineTables>
    let moves = Moves()
    private let copies: StoreCounts
    private let stop: AcceptStop
    private let reader: StoreReader
    private let journal: ReceiptJournal

    /// Opens or makes the store in `folder`, an absolute path that exists. Blocks for the checks. A failure's text names the file and the
    /// mend. New mail is refused as `.full` while fewer than `reserve` bytes would stay free; 0: only when the disk itself says so. `report`
    /// gets lines for the operator's log, on any thread.
    public convenience init(
        folder: String, clock: any WallClock, receiptsKept: Duration = .seconds(30 * 86400), reserve: Int = 64 << 20,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(StoreFailure) {
        try self.init(folder: folder, clock: clock, receiptsKept: receiptsKept, reserve: reserve, limits: CommitLimits(), report: report)
    }

    init(
        folder: String, clock: any WallClock, receiptsKept: Duration = .seconds(30 * 86400), reserve: Int = 64 << 20,
        limits: CommitLimits, report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(StoreFailure) {
        lock = try FolderLock(folder: folder)
        space = FreeSpace(folder: folder, reserve: reserve)
        bodies = try BodyFiles(folder: folder + "/bodies", space: space)
        let files = try DataFiles(folder: folder, bodies: bodies)
        (queuePool, quarantinePool, receiptPool) = (files.queue, files.quarantine, files.receipts)
        let (queuePath, quarantinePath, receiptPath) = (files.queuePath, files.quarantinePath, files.receiptPath)
        do {
            journal = try ReceiptJournal(receiptPool, path: receiptPath, clock: clock, kept: receiptsKept, report: report)
        } catch { throw SQLiteFailure(error).storeFailure(receiptPath) }
        copies = StoreCounts(files.counts)
        stop = AcceptStop(report: report)
        do {
            let highest = try [queuePool, quarantinePool].map {
                try $0.read { try Int64.fetchOne($0, sql: "SELECT value FROM meta WHERE name = 'highest'") ?? 0 }
            }
            queue = try GroupCommit(
                queuePool, path: queuePath, owner: .queue, bodies: bodies, space: space, counts: copies, stop: stop, limits: limits,
                highest: max(highest[0], journal.highest)
            ) { [moves] entries in
                moves.add(entries.compactMap(Self.move))
            } tables: { [moves] in
                try QueueTables($0, path: queuePath, moves: moves)
            }
            quarantine = try GroupCommit(
                quarantinePool, path: quarantinePath, owner: .quarantine, bodies: bodies, space: space, counts: copies, stop: stop,
                limits: limits, highest: highest[1]
            ) { try QuarantineTables($0, path: quarantinePath) }
        } catch { throw SQLiteFailure(error).storeFailure(queuePath) }
        reader = StoreReader(
            queue: FileReader(pool: queuePool, path: queuePath), quarantine: FileReader(pool: quarantinePool, path: quarantinePath),
            bodies: bodies)
        moves.connect(queue, quarantine)
    }

    private static func move(_ entry: GroupCommit<QueueTables>.Entry) -> Move? {
        switch entry.work {
        case .change(let changes, let messages): Move(.change(changes, adding: messages), completion: entry.completion)
        case .divide(let move): move
        case .accept, .move: nil
        }
    }

    public func accept(_ message: StoredMessage, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        guard let region = message.region, region.count > BodyFiles.threshold else {
            return accept(message, bodyInFile: false, completion)
        }
        bodies.write(region, for: message.queueID) { [self] result in
            if case .failure = result { return completion(result) }
            accept(message, bodyInFile: true) { [self] result in
                if case .failure = result { removeBody(of: message) }
                completion(result)
            }
        }
    }

    /// After a failed accept: unless its row may come back, which would then need it.
    private func removeBody(of message: StoredMessage) {
        let removes: @Sendable () -> Void = { [bodies] in bodies.remove([message.queueID]) }
        if message.isQuarantinedWhole { quarantine.afterDoubt(removes) } else { queue.afterDoubt(removes) }
    }

    private func accept(_ message: StoredMessage, bodyInFile: Bool, _ completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void)
    {
        let bytes = bodyInFile ? 0 : message.region?.count ?? 0
        if !message.hasQuarantined {
            queue.submit(.init(work: .accept(message, bodyInFile: bodyInFile), rank: .accept, bytes: bytes, completion: completion))
        } else if message.isQuarantinedWhole {
            quarantine.submit(.init(work: .accept(message, bodyInFile: bodyInFile), rank: .accept, bytes: bytes, completion: completion))
        } else {
            // Its turn among the accepts, so that what a slow or full disk refuses is the same.
            queue.submit(
                .init(
                    work: .divide(Move(.accept(message, bodyInFile: bodyInFile), completion: completion)), rank: .accept, bytes: bytes,
                    completion: completion))
        }
    }

    public func change(
        _ changes: [RecipientChange], adding messages: [StoredMessage], completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void
    ) {
        let bytes = messages.reduce(0) { $0 + ($1.region?.count ?? 0) }
        queue.submit(.init(work: .change(changes, adding: messages), rank: .change, bytes: bytes, completion: completion))
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

    public func waiting(
        after: WaitingCopy?, limit: Int, completion: @escaping @Sendable (Result<[WaitingCopy], StoreFailure>) -> Void
    ) {
        reader.queue.perform(completion) { [reader] in try reader.queue.waiting(after: after, limit: limit, $0) }
    }

    public func message(_ id: QueueID, completion: @escaping @Sendable (Result<StoredMessage?, StoreFailure>) -> Void) {
        reader.message(id, completion: completion)
    }

    public func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void) {
        journal.receipts(of: id, completion: completion)
    }

    /// Open copies per state; states without any are left out. Exact, and asks no file.
    public var counts: [RecipientState: Int] { copies.now.byState }

    /// Where large messages wait for their accept. Its files become body files without a copy.
    public var spool: any BodySpool { bodies }

    /// Why no mail is taken until the next start; nil: it is.
    public var fault: StoreFailure? { stop.failure }

    public var highestQueueID: QueueID { max(queue.highestQueueID, quarantine.highestQueueID) }

    /// Transactions of queue.db since the start, and the accepts and changes that they held: each transaction is one sync.
    public var commits: (count: Int, entries: Int) { (queue.commits.count, queue.commits.entries) }

    /// Transactions of quarantine.db since the start.
    var quarantineCommits: Int { quarantine.commits.count }

    /// Calls of fsync and fdatasync for messages since the start: commits and checkpoints of both files, body files and their folder.
    /// Those of the history are left out: nothing waits for them.
    public var syncs: Int { queue.syncs + quarantine.syncs + bodies.syncs }

    /// Commits what waits and closes the files; what comes later fails. Blocks; not from a completion.
    public func close() {
        bodies.drain()
        queue.refuseNew()
        quarantine.refuseNew()
        repeat {
            queue.flush()
            quarantine.flush()
        } while !moves.isIdle
        moves.close()
        let keepsQueue = queue.close()
        let keepsQuarantine = quarantine.close()
        bodies.drain()
        let keepsReceipts = journal.close()
        queuePool.close(keepingLog: keepsQueue)
        quarantinePool.close(keepingLog: keepsQuarantine)
        receiptPool.close(keepingLog: keepsReceipts)
        lock.release()
    }
}
