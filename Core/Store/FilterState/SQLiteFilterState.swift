import Dispatch
import GRDB
import Mail
import Synchronization

/// What filters remember, in state.db of a data folder: one writer, whatever waits becomes one transaction with one sync. Any thread.
public final class SQLiteFilterState: FilterState, @unchecked Sendable {
    // Sendable: `tables`, `log` and `nextExpiry` are bound to the pool's writer queue, all else is locked or immutable.

    /// Requests that may wait, and their bytes; those beyond fail at once.
    static let waiting = ServiceBounds.state.requests
    static let waitingBytes = ServiceBounds.state.bytes
    /// Of one transaction, and scans among them: their answers wait in memory for its end.
    static let batch = 512
    static let batchScans = 16
    /// Entries whose time is over that are removed at once: about a millisecond's work.
    static let slice = 200
    static let expiryInterval = Duration.seconds(1)

    private struct Entry {
        var request: StateRequest
        var space: StateSpace
        var completion: @Sendable (StateAnswer) -> Void
    }

    private struct Mailbox {
        var entries: [Entry] = []
        var bytes = 0
        var isScheduled = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let path: String
    private let clock: any WallClock
    private let space: FreeSpace
    private let report: @Sendable (String) -> Void
    private let metrics = CommitMetrics(file: "state")
    private let mailbox = Mutex(Mailbox())
    private let timers = DispatchQueue(label: "postern.store.state")
    private var tables: StateTables?
    private var log: WriteAheadLog?
    private var nextExpiry = Timestamp.distantPast
    private let commitCount = Atomic<Int>(0)

    /// Opens or makes state.db in `folder`, which must exist and be ours (`SQLiteStore` keeps others out). A failure's text names the file and
    /// the mend. Nothing is written while fewer than `reserve` bytes would stay free. `report` gets lines for the operator's log.
    public init(
        folder: String, clock: any WallClock, perSpace: StateQuota = .perSpace, perPlugin: StateQuota = .perPlugin,
        reserve: Int = 64 << 20, report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(StoreFailure) {
        path = folder + "/state.db"
        self.clock = clock
        self.report = report
        space = FreeSpace(folder: folder, reserve: reserve)
        pool = try DatabaseFile.open(path, .state, .full, hadOne: nil)
        try BodyFiles.sync(folder: folder)
        do {
            (tables, log) = try pool.writeWithoutTransaction { db in
                let connection = db.sqliteConnection!
                return (
                    try StateTables(connection, perSpace: perSpace, perPlugin: perPlugin), try WriteAheadLog(connection)
                )
            }
        } catch { throw SQLiteFailure(error).storeFailure(path) }
        scheduleExpiry()
    }

    /// Transactions since the start.
    public var commits: Int { commitCount.load(ordering: .relaxed) }

    public func perform(_ request: StateRequest, in space: StateSpace, completion: @escaping @Sendable (StateAnswer) -> Void) {
        if let objection = request.objection { return completion(StateAnswer(.failed, detail: objection.rawValue)) }
        let bytes = request.bytes
        let (refusal, schedules) = mailbox.withLock { box -> (String?, Bool) in
            if box.isClosed { return ("\(path) is closed: the gateway is stopping", false) }
            if box.entries.count >= Self.waiting || box.bytes + bytes > Self.waitingBytes {
                return ("\(path): \(box.entries.count) operations wait: the disk is too slow for this load", false)
            }
            box.bytes += bytes
            box.entries.append(Entry(request: request, space: space, completion: completion))
            defer { box.isScheduled = true }
            return (nil, !box.isScheduled)
        }
        if let refusal { return completion(StateAnswer(.failed, detail: refusal)) }
        if schedules { pool.asyncWriteWithoutTransaction { [self] _ in drain() } }
    }

    /// Commits what waits, refuses what comes later, and closes the file. Blocks; not from a completion.
    public func close() {
        mailbox.withLock { $0.isClosed = true }
        let keepsLog = pool.writeWithoutTransaction { _ in
            drain()
            defer { (tables, log) = (nil, nil) }
            return log?.isGivenUp ?? false
        }
        pool.close(keepingLog: keepsLog)
    }

    /// Holds the writer, so that requests gather: for tests.
    func whileWriterIsBusy(_ work: () -> Void) { pool.writeWithoutTransaction { _ in work() } }

    // MARK: The writer's thread

    private func drain() {
        while let tables {
            let batch = nextBatch()
            if batch.isEmpty { break }
            let start = DispatchTime.now()
            let before = log?.commits ?? 0
            let answers = perform(batch, tables)
            metrics.synced(((log?.commits ?? 0) - before) * WriteAheadLog.syncsPerCommit)
            metrics.committed(nanoseconds: Int64(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds), entries: batch.count)
            for (entry, answer) in zip(batch, answers) { entry.completion(answer) }
            checkpointIfDue()
        }
    }

    /// Empty ends this drain; the next request schedules another.
    private func nextBatch() -> [Entry] {
        mailbox.withLock { box in
            if box.entries.isEmpty { box.isScheduled = false }
            var count = 0
            var scans = 0
            while count < min(box.entries.count, Self.batch), scans < Self.batchScans {
                if case .scan = box.entries[count].request.action { scans += 1 }
                count += 1
            }
            let batch = Array(box.entries[..<count])
            box.entries.removeFirst(count)
            box.bytes = box.entries.isEmpty ? 0 : box.bytes - batch.reduce(0) { $0 + $1.request.bytes }
            return batch
        }
    }

    /// One transaction; if it fails, one for each, so that one's failure is nobody else's.
    private func perform(_ batch: [Entry], _ tables: StateTables) -> [StateAnswer] {
        let now = clock.now
        let isShort = batch.contains { $0.request.grows } ? space.refusal(batch.reduce(0) { $0 + $1.request.bytes }) : nil
        do throws(SQLiteFailure) {
            return try transaction(batch[...], tables, now, isShort)
        } catch {
            if batch.count == 1 { return [StateAnswer(.failed, detail: error.storeFailure(path).text)] }
            return batch.indices.map { i in
                do throws(SQLiteFailure) { return try transaction(batch[i...i], tables, now, isShort)[0] } catch {
                    return StateAnswer(.failed, detail: error.storeFailure(path).text)
                }
            }
        }
    }

    private func transaction(
        _ batch: ArraySlice<Entry>, _ tables: StateTables, _ now: Timestamp, _ isShort: StoreFailure?
    ) throws(SQLiteFailure) -> [StateAnswer] {
        var answers: [StateAnswer] = []
        answers.reserveCapacity(batch.count)
        try tables.transaction { () throws(SQLiteFailure) in
            for entry in batch {
                if let isShort, entry.request.grows {
                    answers.append(StateAnswer(.quota, detail: isShort.text))
                } else {
                    answers.append(try tables.perform(entry.request, in: entry.space, now: now.microseconds))
                }
            }
            if now >= nextExpiry || nextExpiry > now + Self.expiryInterval {
                nextExpiry = try tables.expire(now: now.microseconds, limit: Self.slice) ? now : now + Self.expiryInterval
            }
        }
        commitCount.add(1, ordering: .relaxed)
        return answers
    }

    private func checkpointIfDue() {
        do throws(SQLiteFailure) {
            guard try log?.checkpointIfDue(isBusy: mailbox.withLock { !$0.entries.isEmpty }) == true else { return }
            metrics.synced(WriteAheadLog.syncsPerCheckpoint)
        } catch { report(WriteAheadLog.failure(error, path).text) }
    }

    // MARK: Expiry while nobody asks

    private func scheduleExpiry() {
        timers.asyncAfter(deadline: .now() + .seconds(1)) { [weak self] in
            guard let self, !mailbox.withLock({ $0.isClosed }) else { return }
            pool.asyncWriteWithoutTransaction { [self] _ in
                expire()
                scheduleExpiry()
            }
        }
    }

    private func expire() {
        let now = clock.now
        guard let tables, now >= nextExpiry || nextExpiry > now + Self.expiryInterval else { return }
        nextExpiry = now + Self.expiryInterval
        var isFull = true
        // Whoever asks goes first.
        while isFull, mailbox.withLock({ $0.entries.isEmpty }) {
            do throws(SQLiteFailure) {
                try tables.transaction { () throws(SQLiteFailure) in isFull = try tables.expire(now: now.microseconds, limit: Self.slice) }
            } catch { return }
            checkpointIfDue()
        }
    }
}

extension StateRequest {
    /// It may need more of the disk.
    fileprivate var grows: Bool {
        switch action {
        case .put: true
        case .count(let amount, _): amount > 0
        case .get, .remove, .reset, .scan: false
        }
    }
}
