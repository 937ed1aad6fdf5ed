import Dispatch
import GRDB
import Mail
import Metrics
import Synchronization

/// The one writer of a file. Whatever waits when it is free becomes one transaction with one sync; completions run after it.
final class GroupCommit<Tables: WriterTables>: @unchecked Sendable {
    // Sendable: `tables` and `log` are bound to the pool's writer queue, all else is locked or immutable.

    enum Rank { case accept, change, step }

    struct Entry: Sendable {
        var work: Tables.Work
        /// Accepts are refused when the disk is short or too slow; steps of what was taken before are always taken.
        var rank: Rank
        /// What it holds in memory, of what goes into the file; of a change its DSNs.
        var bytes = 0
        var completion: @Sendable (Result<Void, StoreFailure>) -> Void
    }

    private static var retryDelay: DispatchTimeInterval { .seconds(1) }

    private struct Mailbox {
        var entries: [Entry] = []
        /// Of accepts that wait.
        var bytes = 0
        var isScheduled = false
        var isClosed = false
    }

    private enum Outcome { case done, elsewhere, failed(StoreFailure) }

    private let pool: DatabasePool
    private let path: String
    private let space: FreeSpace
    private let limits: CommitLimits
    private let counts: StoreCounts
    private let bodies: BodyFiles
    private let owner: BodyFiles.Owner
    private let stop: AcceptStop
    /// Gets the entries that concern another file too, on the writer's thread.
    private let elsewhere: (@Sendable ([Entry]) -> Void)?
    private let mailbox = Mutex(Mailbox())
    private var tables: Tables?
    private var log: WriteAheadLog?
    /// What waits for the end of a doubt.
    private var afterwards: [@Sendable () -> Void] = []
    private var isRetryScheduled = false
    private let highest: Atomic<Int64>
    private let commitCount = Atomic<Int>(0)
    private let entryCount = Atomic<Int>(0)
    private let syncCount = Atomic<Int>(0)
    private let metrics: CommitMetrics

    init(
        _ pool: DatabasePool, path: String, owner: BodyFiles.Owner, bodies: BodyFiles, space: FreeSpace, counts: StoreCounts,
        stop: AcceptStop, limits: CommitLimits = CommitLimits(), highest: Int64, elsewhere: (@Sendable ([Entry]) -> Void)? = nil,
        tables make: (OpaquePointer) throws -> Tables
    ) throws {
        self.pool = pool
        self.path = path
        self.owner = owner
        self.bodies = bodies
        self.space = space
        self.counts = counts
        self.stop = stop
        self.limits = limits
        self.highest = Atomic(highest)
        self.elsewhere = elsewhere
        metrics = CommitMetrics(file: owner.word)
        try pool.writeWithoutTransaction { db in
            tables = try make(db.sqliteConnection!)
            log = try WriteAheadLog(db.sqliteConnection!)
        }
    }

    var highestQueueID: QueueID { QueueID(rawValue: highest.load(ordering: .relaxed)) }

    /// Transactions, and the entries that they held.
    var commits: (count: Int, entries: Int) { (commitCount.load(ordering: .relaxed), entryCount.load(ordering: .relaxed)) }

    /// Syncs of the file and its log.
    var syncs: Int { syncCount.load(ordering: .relaxed) }

    func submit(_ entry: Entry) {
        let (failure, schedules) = mailbox.withLock { box -> (StoreFailure?, Bool) in
            if box.isClosed, entry.rank != .step {
                return (StoreFailure(.unavailable, "\(path) is closed: the gateway is stopping"), false)
            }
            if entry.rank == .accept {
                if let failure = stop.failure { return (failure, false) }
                if box.entries.count >= limits.waiting || box.bytes + entry.bytes > limits.waitingBytes, !box.entries.isEmpty {
                    let waits = "\(box.entries.count) commits with \(box.bytes >> 20) MiB wait"
                    return (StoreFailure(.busy, "\(path): \(waits): the disk is too slow for this load"), false)
                }
                box.bytes += entry.bytes
            }
            box.entries.append(entry)
            defer { box.isScheduled = true }
            return (nil, !box.isScheduled)
        }
        if let failure { return entry.completion(.failure(failure)) }
        if schedules { pool.asyncWriteWithoutTransaction { [self] _ in drain() } }
    }

    /// From now on only steps of what was taken before are.
    func refuseNew() { mailbox.withLock { $0.isClosed = true } }

    /// Commits what waits now. Blocks.
    func flush() { pool.writeWithoutTransaction { _ in drain() } }

    /// Commits what waits, refuses what comes later, and gives the statements back. Blocks. Returns whether the log must be kept.
    func close() -> Bool {
        refuseNew()
        return pool.writeWithoutTransaction { _ in
            drain()
            defer { (tables, log) = (nil, nil) }
            return log?.isGivenUp ?? false
        }
    }

    /// Runs `work` on the writer's thread, outside of transactions.
    func withTables(_ work: @escaping @Sendable (Tables) -> Void) {
        pool.asyncWriteWithoutTransaction { [self] _ in if let tables { work(tables) } }
    }

    // MARK: Doubt

    /// On the writer's thread: a transaction that failed may turn out to be durable after a crash.
    var isInDoubt: Bool { tables?.isInDoubt ?? false }

    /// Runs `work` on the writer's thread once nothing is in doubt. A close before that leaves it to the next open.
    func afterDoubt(_ work: @escaping @Sendable () -> Void) {
        pool.asyncWriteWithoutTransaction { [self] _ in
            if tables == nil { return }
            if isInDoubt { afterwards.append(work) } else { work() }
        }
    }

    /// Writes a transaction over the one that failed; where that fails too, once more in a second.
    private func endDoubt() {
        guard let tables else { return }
        if tables.isInDoubt, (try? tables.transaction({})) != nil { count(syncs: WriteAheadLog.syncsPerCommit) }
        if !tables.isInDoubt {
            let works = afterwards
            afterwards = []
            for work in works { work() }
        } else if !isRetryScheduled {
            isRetryScheduled = true
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.retryDelay) { [self] in
                if mailbox.withLock({ $0.isClosed }) { return }
                pool.asyncWriteWithoutTransaction { [self] _ in
                    isRetryScheduled = false
                    endDoubt()
                }
            }
        }
    }

    // MARK: Batches

    private func drain() {
        while tables != nil {
            var batch = nextBatch()
            if batch.isEmpty { break }
            refuseIfShort(&batch)
            if batch.isEmpty { continue }
            let start = DispatchTime.now()
            let before = log?.commits ?? 0
            let outcomes = commit(batch)
            count(syncs: ((log?.commits ?? 0) - before) * WriteAheadLog.syncsPerCommit)
            metrics.committed(nanoseconds: Int64(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds), entries: batch.count)
            if isInDoubt || !afterwards.isEmpty { endDoubt() }
            var others: [Entry] = []
            for (entry, outcome) in zip(batch, outcomes) {
                switch outcome {
                case .done: entry.completion(.success(()))
                case .failed(let failure): entry.completion(.failure(failure))
                case .elsewhere: others.append(entry)
                }
            }
            if !others.isEmpty {
                elsewhere?(others)
                tables?.handedOver()
            }
            // After the completions, and rather when nobody waits: no reply is late for it.
            checkpointIfDue()
        }
    }

    private func count(syncs: Int) {
        syncCount.add(syncs, ordering: .relaxed)
        metrics.synced(syncs)
    }

    private func checkpointIfDue() {
        do throws(SQLiteFailure) {
            guard try log?.checkpointIfDue(isBusy: mailbox.withLock { !$0.entries.isEmpty }) == true else { return }
            count(syncs: WriteAheadLog.syncsPerCheckpoint)
        } catch { stop.set(WriteAheadLog.failure(error, path)) }
    }

    /// Takes the accepts out when the disk has no space for them, then the changes that bring DSNs; other changes, which make space, stay.
    private func refuseIfShort(_ batch: inout [Entry]) {
        refuseIfShort(&batch, ofDSNs: false) { $0.rank == .accept }
        refuseIfShort(&batch, ofDSNs: true) { $0.rank == .change && $0.bytes > 0 }
    }

    private func refuseIfShort(_ batch: inout [Entry], ofDSNs: Bool, _ grows: (Entry) -> Bool) {
        var bytes = 0
        var isEmpty = true
        for entry in batch where grows(entry) {
            isEmpty = false
            bytes += entry.bytes
        }
        // Pages that delivered messages left free count too: the file does not shrink, but rows fit into it.
        guard !isEmpty, space.refusal(bytes, ofDSNs: ofDSNs) != nil,
            let refusal = space.refusal(bytes - (tables?.freeBytes() ?? 0), ofDSNs: ofDSNs)
        else { return }
        batch = batch.filter { entry in
            guard grows(entry) else { return true }
            entry.completion(.failure(refusal))
            return false
        }
    }

    /// Empty ends this drain; the next entry schedules another.
    private func nextBatch() -> [Entry] {
        mailbox.withLock { box in
            var count = 0
            var bytes = 0
            while count < min(box.entries.count, limits.batch), bytes < limits.batchBytes {
                bytes += box.entries[count].bytes
                count += 1
            }
            if count == box.entries.count {
                if count == 0 { box.isScheduled = false }
                box.bytes = 0
                defer { box.entries = [] }
                return box.entries
            }
            for entry in box.entries[..<count] where entry.rank == .accept { box.bytes -= entry.bytes }
            defer { box.entries.removeFirst(count) }
            return Array(box.entries[..<count])
        }
    }

    /// One transaction; if it fails, one for each entry.
    private func commit(_ batch: [Entry]) -> [Outcome] {
        do throws(SQLiteFailure) {
            return try transaction(batch[...])
        } catch {
            if batch.count == 1 { return [.failed(error.storeFailure(path))] }
            return batch.indices.map { i in
                do throws(SQLiteFailure) { return try transaction(batch[i...i])[0] } catch { return .failed(error.storeFailure(path)) }
            }
        }
    }

    private func transaction(_ entries: ArraySlice<Entry>) throws(SQLiteFailure) -> [Outcome] {
        guard let tables else { preconditionFailure("used after close") }
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(entries.count)
        let effects = try tables.transaction { () throws(SQLiteFailure) in
            for entry in entries { outcomes.append(try tables.perform(entry.work) ? .done : .elsewhere) }
        }
        if let newest = effects.newest { highest.max(newest.rawValue, ordering: .relaxed) }
        commitCount.add(1, ordering: .relaxed)
        entryCount.add(entries.count, ordering: .relaxed)
        counts.add(effects.counts)
        if !effects.bodies.isEmpty { bodies.settle(effects.bodies, for: owner) }
        return outcomes
    }
}
