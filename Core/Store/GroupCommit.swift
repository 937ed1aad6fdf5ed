import Dispatch
import GRDB
import Mail
import Metrics
import Synchronization

/// The one writer of queue.db. Whatever waits when it is free becomes one transaction with one sync; completions run after it.
final class GroupCommit: @unchecked Sendable {
    // Sendable: `statements` is bound to the pool's writer queue, all else is locked or immutable.

    enum Work: Sendable {
        case accept(StoredMessage, bodyInFile: Bool)
        /// The messages added are small ones: their bodies go into rows.
        case change([RecipientChange], adding: [StoredMessage])
    }

    struct Entry: Sendable {
        var work: Work
        var completion: @Sendable (Result<Void, StoreFailure>) -> Void
    }

    /// Entries that may wait. Accepts beyond it are refused at once, since their sender can wait better than our memory can grow; changes
    /// are always taken (those who make them have few under way).
    static let mailboxLimit = 20_000
    /// So that the first of a batch does not wait for very many others.
    static let batchLimit = 512
    static let batchBytes = 16 << 20

    private struct Mailbox {
        var entries: [Entry] = []
        var isScheduled = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let path: String
    private let bodies: BodyFiles
    private let space: FreeSpace
    private let mailbox = Mutex(Mailbox())
    private var statements: QueueStatements?
    private let highest: Atomic<Int64>
    private let commitCount = Atomic<Int>(0)
    private let entryCount = Atomic<Int>(0)

    private let commitsMetric = Counter(label: MetricName.commits)
    private let secondsMetric = Timer(label: MetricName.commitSeconds)
    private let sizeMetric = Recorder(label: MetricName.commitSize)

    init(_ pool: DatabasePool, path: String, bodies: BodyFiles, space: FreeSpace, highest: Int64) throws {
        self.pool = pool
        self.path = path
        self.bodies = bodies
        self.space = space
        self.highest = Atomic(highest)
        try pool.writeWithoutTransaction { db in statements = try QueueStatements(db.sqliteConnection!) }
    }

    var highestQueueID: QueueID { QueueID(rawValue: highest.load(ordering: .relaxed)) }

    /// Transactions, and the entries that they held.
    var commits: (count: Int, entries: Int) { (commitCount.load(ordering: .relaxed), entryCount.load(ordering: .relaxed)) }

    func submit(_ entry: Entry) {
        let (failure, schedules) = mailbox.withLock { box -> (StoreFailure?, Bool) in
            if box.isClosed { return (StoreFailure(.unavailable, "\(path) is closed: the gateway is stopping"), false) }
            if case .accept = entry.work, box.entries.count >= Self.mailboxLimit {
                return (StoreFailure(.unavailable, "\(path): \(Self.mailboxLimit) commits wait: the disk is too slow for this load"), false)
            }
            box.entries.append(entry)
            defer { box.isScheduled = true }
            return (nil, !box.isScheduled)
        }
        if let failure { return entry.completion(.failure(failure)) }
        if schedules { pool.asyncWriteWithoutTransaction { [self] _ in drain() } }
    }

    /// Commits what waits, refuses what comes later, and gives the statements back. Blocks.
    func close() {
        mailbox.withLock { $0.isClosed = true }
        pool.writeWithoutTransaction { _ in
            drain()
            statements = nil
        }
    }

    private func drain() {
        while var batch = nextBatch() {
            refuseIfShort(&batch)
            if batch.isEmpty { continue }
            let start = DispatchTime.now()
            let results = commit(batch)
            secondsMetric.recordNanoseconds(Int64(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds))
            sizeMetric.record(batch.count)
            for (entry, result) in zip(batch, results) { entry.completion(result) }
        }
    }

    /// Takes the accepts out when the disk has no space for them; changes, which make space, stay.
    private func refuseIfShort(_ batch: inout [Entry]) {
        var bytes = 0
        var hasAccepts = false
        for entry in batch {
            guard case .accept(let message, let bodyInFile) = entry.work else { continue }
            hasAccepts = true
            // A file has been written by now.
            if !bodyInFile { bytes += message.region?.count ?? 0 }
        }
        // Pages that delivered messages left free count too: the file does not shrink, but rows fit into it.
        guard hasAccepts, space.refusal(bytes) != nil, let refusal = space.refusal(bytes - (statements?.freeBytes() ?? 0)) else { return }
        batch = batch.filter { entry in
            guard case .accept(let message, let bodyInFile) = entry.work else { return true }
            if bodyInFile { bodies.remove([message.queueID]) }
            entry.completion(.failure(refusal))
            return false
        }
    }

    /// nil ends this drain; the next entry schedules another.
    private func nextBatch() -> [Entry]? {
        mailbox.withLock { box in
            var count = 0
            var bytes = 0
            while count < min(box.entries.count, Self.batchLimit), bytes < Self.batchBytes {
                if case .accept(let message, let inFile) = box.entries[count].work, !inFile { bytes += message.region?.count ?? 0 }
                count += 1
            }
            if count == 0 {
                box.isScheduled = false
                return nil
            }
            if count == box.entries.count {
                defer { box.entries = [] }
                return box.entries
            }
            defer { box.entries.removeFirst(count) }
            return Array(box.entries[..<count])
        }
    }

    /// One transaction; if it fails, one for each entry.
    private func commit(_ batch: [Entry]) -> [Result<Void, StoreFailure>] {
        do throws(SQLiteFailure) {
            try transaction(batch[...])
            return Array(repeating: .success(()), count: batch.count)
        } catch {
            if batch.count == 1 { return [failed(batch[0], error)] }
            return batch.indices.map { i in
                do throws(SQLiteFailure) {
                    try transaction(batch[i...i])
                    return .success(())
                } catch { return failed(batch[i], error) }
            }
        }
    }

    private func transaction(_ entries: ArraySlice<Entry>) throws(SQLiteFailure) {
        guard let statements else { preconditionFailure("used after close") }
        var gone: [QueueID] = []
        var newest: QueueID?
        try statements.transaction { () throws(SQLiteFailure) in
            for entry in entries {
                switch entry.work {
                case .accept(let message, let bodyInFile):
                    try statements.accept(message, bodyInFile: bodyInFile)
                    newest = max(newest ?? message.queueID, message.queueID)
                case .change(let changes, let messages):
                    for message in messages {
                        try statements.accept(message, bodyInFile: false)
                        newest = max(newest ?? message.queueID, message.queueID)
                    }
                    gone += try statements.change(changes)
                }
            }
            if let newest { try statements.raiseHighest(to: newest) }
        }
        if let newest { highest.max(newest.rawValue, ordering: .relaxed) }
        commitCount.add(1, ordering: .relaxed)
        entryCount.add(entries.count, ordering: .relaxed)
        commitsMetric.increment()
        gone = gone.filter(bodies.contains)
        if !gone.isEmpty { bodies.remove(gone) }
    }

    private func failed(_ entry: Entry, _ failure: SQLiteFailure) -> Result<Void, StoreFailure> {
        // A body file of a message that is there already must stay: only what this entry wrote may go.
        if case .accept(let message, true) = entry.work, failure.code & 0xFF != 19 { bodies.remove([message.queueID]) }
        return .failure(failure.storeFailure(path))
    }
}
