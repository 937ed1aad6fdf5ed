import Mail

/// What the writer of state.db does. Bound to it.
final class StateTables {
    /// Beside key and value.
    static let entryBytes = 64
    /// A counter's, whatever is in it.
    static let counterBytes = entryBytes + 16 * Int(SlidingWindow.buckets + 1)

    private let begin, commit, rollback: PreparedStatement
    private let find, put, remove, scan: PreparedStatement
    private let findCounter, putCounter, removeCounter: PreparedStatement
    private let expired, expiredCounters: PreparedStatement
    private let version: PreparedStatement
    private let spaces: StateSpaces
    private var lastVersion: Int64
    private var writtenVersion: Int64

    init(_ connection: OpaquePointer, perSpace: StateQuota, perPlugin: StateQuota) throws(SQLiteFailure) {
        begin = try PreparedStatement(connection, "BEGIN IMMEDIATE")
        commit = try PreparedStatement(connection, "COMMIT")
        rollback = try PreparedStatement(connection, "ROLLBACK")
        find = try PreparedStatement(
            connection, "SELECT version, expires, length(value), value FROM entry WHERE space = ?1 AND key = ?2")
        put = try PreparedStatement(
            connection,
            """
            INSERT INTO entry (space, key, version, expires, value) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (space, key) DO UPDATE SET
                version = excluded.version, expires = excluded.expires, value = excluded.value
            """)
        remove = try PreparedStatement(connection, "DELETE FROM entry WHERE space = ?1 AND key = ?2")
        scan = try PreparedStatement(
            connection,
            """
            SELECT key, version, expires, value FROM entry WHERE space = ?1 AND key >= ?2 AND key < ?3 AND expires > ?4 ORDER BY key
            """)
        findCounter = try PreparedStatement(connection, "SELECT sums FROM counter WHERE space = ?1 AND key = ?2 AND span = ?3")
        putCounter = try PreparedStatement(
            connection,
            """
            INSERT INTO counter (space, key, span, expires, sums) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (space, key, span) DO UPDATE SET
                expires = excluded.expires, sums = excluded.sums
            """)
        removeCounter = try PreparedStatement(connection, "DELETE FROM counter WHERE space = ?1 AND key = ?2 AND span = ?3")
        expired = try PreparedStatement(
            connection, "SELECT space, key, length(value) FROM entry WHERE expires <= ?1 ORDER BY expires LIMIT ?2")
        expiredCounters = try PreparedStatement(
            connection, "SELECT space, key, span FROM counter WHERE expires <= ?1 ORDER BY expires LIMIT ?2")
        version = try PreparedStatement(connection, "UPDATE meta SET value = ?1 WHERE name = 'version'")
        spaces = try StateSpaces(connection, perSpace: perSpace, perPlugin: perPlugin)
        let last = try PreparedStatement(connection, "SELECT value FROM meta WHERE name = 'version'")
        guard try last.next() else { throw SQLiteFailure(damage: "meta has no version") }
        lastVersion = last.integer(0)
        guard lastVersion >= 0, lastVersion < .max / 2 else { throw SQLiteFailure(damage: "meta has the version \(lastVersion)") }
        writtenVersion = lastVersion
        last.reset()
    }

    func transaction(_ work: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
        try begin.run()
        do throws(SQLiteFailure) {
            try work()
            try spaces.flush()
            if lastVersion != writtenVersion {
                version.bind(1, lastVersion)
                try version.run()
            }
            try commit.run()
            writtenVersion = lastVersion
        } catch {
            // SQLite may have rolled back by itself. Versions are not taken back: the next ones are higher.
            try? rollback.run()
            spaces.forget()
            throw error
        }
    }

    /// In a transaction. `now` in microseconds since 1970.
    func perform(_ request: StateRequest, in space: StateSpace, now: Int64) throws(SQLiteFailure) -> StateAnswer {
        switch request.action {
        case .get:
            let entry = try spaces.id(of: space).flatMap { id throws(SQLiteFailure) in try live(id, request.key, now) }
            return StateAnswer(entry == nil ? .absent : .found, entry)
        case .put(let value, let kept, let condition): return try put(request.key, value, kept, condition, space, now)
        case .remove(let condition): return try remove(request.key, condition, space, now)
        case .count(let amount, let window): return try count(request.key, amount, window.microseconds, space, now)
        case .reset(let window): return try reset(request.key, window.microseconds, space)
        case .scan(let after, let limit, let keysOnly): return try scan(request.key, after, limit, keysOnly, space, now)
        }
    }

    /// Removes up to `limit` entries, and as many counters, whose time is over. In a transaction. True: there may be more.
    func expire(now: Int64, limit: Int) throws(SQLiteFailure) -> Bool {
        var gone: [(space: Int64, key: [UInt8], bytes: Int)] = []
        expired.bind(1, now)
        expired.bind(2, Int64(limit))
        while try expired.next() { gone.append((expired.integer(0), Array(expired.bytes(1)), Int(expired.integer(2)))) }
        for entry in gone { try delete(entry.space, entry.key, valueBytes: entry.bytes) }
        var counters: [(space: Int64, key: [UInt8], window: Int64)] = []
        expiredCounters.bind(1, now)
        expiredCounters.bind(2, Int64(limit))
        while try expiredCounters.next() {
            counters.append((expiredCounters.integer(0), Array(expiredCounters.bytes(1)), expiredCounters.integer(2)))
        }
        for counter in counters { try delete(counter.space, counter.key, window: counter.window) }
        return gone.count == limit || counters.count == limit
    }

    // MARK: Entries

    /// What stands in the row, its time over or not.
    private struct Row {
        var entry: StateEntry
        var valueBytes: Int
    }

    private func row(_ space: Int64, _ key: [UInt8]) throws(SQLiteFailure) -> Row? {
        find.bind(1, space)
        find.bind(2, key)
        guard try find.next() else { return nil }
        defer { find.reset() }
        return Row(
            entry: StateEntry(
                key: key, value: Array(find.bytes(3)), version: UInt64(bitPattern: find.integer(0)),
                expiresAt: Timestamp(microseconds: find.integer(1))), valueBytes: Int(find.integer(2)))
    }

    private func live(_ space: Int64, _ key: [UInt8], _ now: Int64) throws(SQLiteFailure) -> StateEntry? {
        guard let row = try row(space, key), row.entry.expiresAt.microseconds > now else { return nil }
        return row.entry
    }

    private func put(
        _ key: [UInt8], _ value: [UInt8], _ kept: Duration, _ condition: StateCondition, _ space: StateSpace, _ now: Int64
    ) throws(SQLiteFailure) -> StateAnswer {
        var row = try spaces.id(of: space).flatMap { id throws(SQLiteFailure) in try self.row(id, key) }
        var there = row?.entry
        if let entry = there, entry.expiresAt.microseconds <= now { there = nil }
        guard condition.holds(for: there) else { return StateAnswer(.conflict, there) }
        func refusal() throws(SQLiteFailure) -> String? {
            try spaces.refusal(
                space, entries: row == nil ? 1 : 0,
                bytes: value.count - (row?.valueBytes ?? 0) + (row == nil ? key.count + Self.entryBytes : 0))
        }
        if try refusal() != nil {
            // Perhaps it is full of what is over.
            _ = try expire(now: now, limit: SQLiteFilterState.slice)
            if row != nil, there == nil { row = try spaces.id(of: space).flatMap { id throws(SQLiteFailure) in try self.row(id, key) } }
            if let refusal = try refusal() { return StateAnswer(.quota, detail: refusal) }
        }
        let id = try spaces.idMade(for: space)
        lastVersion += 1
        let entry = StateEntry(
            key: key, value: [], version: UInt64(lastVersion), expiresAt: Timestamp(microseconds: now) + kept)
        put.bind(1, id)
        put.bind(2, key)
        put.bind(3, lastVersion)
        put.bind(4, entry.expiresAt.microseconds)
        put.bind(5, value)
        try put.run()
        try spaces.add(
            id, entries: row == nil ? 1 : 0,
            bytes: value.count - (row?.valueBytes ?? 0) + (row == nil ? key.count + Self.entryBytes : 0))
        return StateAnswer(.done, entry)
    }

    private func remove(
        _ key: [UInt8], _ condition: StateCondition, _ space: StateSpace, _ now: Int64
    ) throws(SQLiteFailure) -> StateAnswer {
        guard let id = try spaces.id(of: space), let row = try row(id, key) else {
            return StateAnswer(condition.holds(for: nil) ? .done : .conflict)
        }
        let there = row.entry.expiresAt.microseconds > now ? row.entry : nil
        guard condition.holds(for: there) else { return StateAnswer(.conflict, there) }
        try delete(id, key, valueBytes: row.valueBytes)
        return StateAnswer(.done)
    }

    private func delete(_ space: Int64, _ key: [UInt8], valueBytes: Int) throws(SQLiteFailure) {
        remove.bind(1, space)
        remove.bind(2, key)
        try remove.run()
        try spaces.add(space, entries: -1, bytes: -(valueBytes + key.count + Self.entryBytes))
    }

    private func scan(
        _ prefix: [UInt8], _ after: [UInt8], _ limit: Int, _ keysOnly: Bool, _ space: StateSpace, _ now: Int64
    ) throws(SQLiteFailure) -> StateAnswer {
        var answer = StateAnswer(.found)
        guard let id = try spaces.id(of: space) else { return answer }
        scan.bind(1, id)
        scan.bind(2, after.isEmpty || after.lexicographicallyPrecedes(prefix) ? prefix : after + [0])
        scan.bind(3, Self.end(of: prefix))
        scan.bind(4, now)
        defer { scan.reset() }
        var bytes = 0
        while try scan.next() {
            if answer.entries.count == limit || bytes >= StateRequest.Most.scannedBytes {
                answer.hasMore = true
                break
            }
            let entry = StateEntry(
                key: Array(scan.bytes(0)), value: keysOnly ? [] : Array(scan.bytes(3)), version: UInt64(bitPattern: scan.integer(1)),
                expiresAt: Timestamp(microseconds: scan.integer(2)))
            bytes += entry.key.count + entry.value.count
            answer.entries.append(entry)
        }
        return answer
    }

    /// Above all keys that begin with `prefix`, and not above any other that is greater.
    private static func end(of prefix: [UInt8]) -> [UInt8] {
        guard let last = prefix.lastIndex(where: { $0 < 0xFF }) else {
            return [UInt8](repeating: 0xFF, count: StateRequest.Most.keyBytes + 1)
        }
        return prefix[..<last] + [prefix[last] + 1]
    }

    // MARK: Counters

    private func count(
        _ key: [UInt8], _ amount: UInt64, _ window: Int64, _ space: StateSpace, _ now: Int64
    ) throws(SQLiteFailure) -> StateAnswer {
        var answer = StateAnswer(.done)
        var sums: SlidingWindow?
        if let id = try spaces.id(of: space) {
            bind(findCounter, id, key, window)
            if try findCounter.next() {
                sums = SlidingWindow(window: window, findCounter.bytes(0))
                findCounter.reset()
            }
        }
        var counter = sums ?? SlidingWindow(window: window)
        counter.advance(to: now)
        if amount > 0 {
            if sums == nil {
                let bytes = key.count + Self.counterBytes
                if try spaces.refusal(space, entries: 1, bytes: bytes) != nil {
                    _ = try expire(now: now, limit: SQLiteFilterState.slice)
                    if let refusal = try spaces.refusal(space, entries: 1, bytes: bytes) { return StateAnswer(.quota, detail: refusal) }
                }
            }
            let id = try spaces.idMade(for: space)
            counter.add(amount, at: now)
            bind(putCounter, id, key, window)
            putCounter.bind(4, counter.expiresAt)
            putCounter.bind(5, counter.bytes)
            try putCounter.run()
            if sums == nil { try spaces.add(id, entries: 1, bytes: key.count + Self.counterBytes) }
        }
        answer.sum = counter.sum
        return answer
    }

    private func reset(_ key: [UInt8], _ window: Int64, _ space: StateSpace) throws(SQLiteFailure) -> StateAnswer {
        if let id = try spaces.id(of: space) { try delete(id, key, window: window) }
        return StateAnswer(.done)
    }

    private func delete(_ space: Int64, _ key: [UInt8], window: Int64) throws(SQLiteFailure) {
        bind(removeCounter, space, key, window)
        try removeCounter.run()
        if removeCounter.changes > 0 { try spaces.add(space, entries: -1, bytes: -(key.count + Self.counterBytes)) }
    }

    private func bind(_ statement: PreparedStatement, _ space: Int64, _ key: [UInt8], _ window: Int64) {
        statement.bind(1, space)
        statement.bind(2, key)
        statement.bind(3, window)
    }
}

extension StateCondition {
    fileprivate func holds(for entry: StateEntry?) -> Bool {
        switch self {
        case .always: true
        case .ifAbsent: entry == nil
        case .ifVersion(let version): entry?.version == version
        }
    }
}
