import Dispatch
import GRDB
import Mail
import Synchronization

/// The one writer of receipts.db: gathers for a moment, writes in one transaction, removes what is too old.
final class ReceiptJournal: @unchecked Sendable {
    // Sendable: `statements`, `log` and `lastPrune` are bound to the pool's writer queue, all else is locked or immutable.

    /// What a crash may take with it.
    static let delay = DispatchTimeInterval.milliseconds(100)
    static let retryDelay = DispatchTimeInterval.seconds(1)
    /// Receipts that wait before a write is started at once.
    static let batchLimit = 1000
    /// Receipts that may wait while the disk is full; beyond it the oldest go, with a report.
    static let pendingLimit = 20_000
    /// Rows removed at a time: a bounded piece of work, as large as a batch so that it keeps up.
    static let pruneLimit = 1000
    static let pruneInterval = Duration.seconds(60)

    private struct Pending {
        var receipts: [Receipt] = []
        var isScheduled = false
        /// A retry's timer is running: one at a time, whoever asked in between.
        var isRetryScheduled = false
        var isClosed = false
        var failures = 0
    }

    private struct Statements {
        let begin, commit, rollback, insert, prune, select: PreparedStatement
        init(_ connection: OpaquePointer) throws(SQLiteFailure) {
            begin = try PreparedStatement(connection, "BEGIN IMMEDIATE")
            commit = try PreparedStatement(connection, "COMMIT")
            rollback = try PreparedStatement(connection, "ROLLBACK")
            insert = try PreparedStatement(connection, "INSERT INTO receipt (message, time, kind, json) VALUES (?1, ?2, ?3, ?4)")
            prune = try PreparedStatement(
                connection, "DELETE FROM receipt WHERE id IN (SELECT id FROM receipt ORDER BY id LIMIT ?2) AND time < ?1")
            select = try PreparedStatement(connection, "SELECT time, kind, json FROM receipt WHERE message = ?1 ORDER BY id")
        }
    }

    private let pool: DatabasePool
    private let path: String
    private let clock: any WallClock
    private let kept: Duration
    private let report: @Sendable (String) -> Void
    private let pending = Mutex(Pending())
    private let timers = DispatchQueue(label: "postern.store.receipts")
    private var statements: Statements?
    private var log: WriteAheadLog?
    private var lastPrune = Timestamp.distantPast
    /// The highest queue ID that has a receipt.
    let highest: Int64

    init(
        _ pool: DatabasePool, path: String, clock: any WallClock, kept: Duration, report: @escaping @Sendable (String) -> Void
    ) throws {
        self.pool = pool
        self.path = path
        self.clock = clock
        self.kept = kept
        self.report = report
        (statements, log, highest) = try pool.writeWithoutTransaction { db in
            let highest = try Int64.fetchOne(db, sql: "SELECT max(message) FROM receipt") ?? 0
            return (try Statements(db.sqliteConnection!), try WriteAheadLog(db.sqliteConnection!), highest)
        }
    }

    func append(_ receipt: Receipt) {
        let wait: DispatchTimeInterval? = pending.withLock { state in
            if state.isClosed { return nil }
            state.receipts.append(receipt)
            if state.receipts.count == Self.batchLimit, state.failures == 0 { return .never }
            defer { state.isScheduled = true }
            return state.isScheduled ? nil : Self.delay
        }
        switch wait {
        case nil: break
        case .some(.never): pool.asyncWriteWithoutTransaction { [self] _ in flush() }
        case .some(let wait): schedule(after: wait)
        }
    }

    /// Those that still wait included.
    func receipts(of id: QueueID, completion: @escaping @Sendable (Result<[Receipt], StoreFailure>) -> Void) {
        pool.asyncWriteWithoutTransaction { [self] _ in
            flush()
            completion(read(id))
        }
    }

    /// Writes what waits and gives the statements back. Blocks. Returns whether the log must be kept.
    func close() -> Bool {
        pool.writeWithoutTransaction { _ in
            flush()
            pending.withLock { $0.isClosed = true }
            defer { (statements, log) = (nil, nil) }
            return log?.isGivenUp ?? false
        }
    }

    private func schedule(after wait: DispatchTimeInterval) {
        timers.asyncAfter(deadline: .now() + wait) { [self] in pool.asyncWriteWithoutTransaction { [self] _ in flush() } }
    }

    private func read(_ id: QueueID) -> Result<[Receipt], StoreFailure> {
        guard let statements else { return .failure(StoreFailure(.unavailable, "\(path) is closed: the gateway is stopping")) }
        do throws(SQLiteFailure) {
            var found: [Receipt] = []
            let select = statements.select
            select.bind(1, id.rawValue)
            while try select.next() {
                let time = Timestamp(microseconds: select.integer(0))
                found.append(Receipt(queueID: id, time: time, kind: select.text(1), json: select.text(2)))
            }
            // In a failure's wake some may not be written yet.
            return .success(found + pending.withLock { $0.receipts.filter { $0.queueID == id } })
        } catch { return .failure(error.storeFailure(path)) }
    }

    private func flush() {
        guard let statements else { return }
        let batch = pending.withLock { state in
            state.isScheduled = false
            defer { state.receipts = [] }
            return state.receipts
        }
        do throws(SQLiteFailure) {
            try write(batch, statements)
            pending.withLock { $0.failures = 0 }
        } catch {
            try? statements.rollback.run()
            return keep(batch, error)
        }
        do throws(SQLiteFailure) { _ = try log?.checkpointIfDue(isBusy: false) } catch { report(WriteAheadLog.failure(error, path).text) }
    }

    private func write(_ batch: [Receipt], _ statements: Statements) throws(SQLiteFailure) {
        let now = clock.now
        let prunes = now - lastPrune >= Self.pruneInterval || lastPrune == .distantPast
        if batch.isEmpty && !prunes { return }
        try statements.begin.run()
        let insert = statements.insert
        for receipt in batch {
            insert.bind(1, receipt.queueID.rawValue)
            insert.bind(2, receipt.time.microseconds)
            insert.bind(3, receipt.kind)
            insert.bind(4, receipt.json)
            try insert.run()
        }
        if prunes {
            statements.prune.bind(1, (now - kept).microseconds)
            statements.prune.bind(2, Int64(Self.pruneLimit))
            try statements.prune.run()
            // A full piece: there is more, so the next flush goes on.
            lastPrune = statements.prune.changes >= Self.pruneLimit ? .distantPast : now
        }
        try statements.commit.run()
    }

    /// They wait for the next try, the newest ones at the cost of the oldest.
    private func keep(_ batch: [Receipt], _ failure: SQLiteFailure) {
        let (lost, first, retries) = pending.withLock { state -> (Int, Bool, Bool) in
            state.receipts = batch + state.receipts
            let lost = max(0, state.receipts.count - Self.pendingLimit)
            state.receipts.removeFirst(lost)
            state.failures += 1
            state.isScheduled = true
            defer { state.isRetryScheduled = true }
            return (lost, state.failures == 1, !state.isRetryScheduled)
        }
        if first { report("receipts wait: \(failure.storeFailure(path).text)") }
        if lost > 0 { report("\(lost) receipts are lost: \(failure.storeFailure(path).text)") }
        if retries {
            timers.asyncAfter(deadline: .now() + Self.retryDelay) { [self] in
                pending.withLock { $0.isRetryScheduled = false }
                pool.asyncWriteWithoutTransaction { [self] _ in flush() }
            }
        }
    }
}
