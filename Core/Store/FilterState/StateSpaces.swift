import Mail

/// Which spaces there are, and how much each and each plugin keeps. Bound to the writer; after a rollback, `forget`.
final class StateSpaces {
    /// Spaces that are known without asking the file, at most.
    static let known = 50_000

    struct Usage {
        let id: Int64
        var entries: Int
        var bytes: Int
    }

    private let find, make, update, remove: PreparedStatement
    private let sums: PreparedStatement
    private var spaces: [StateSpace: Usage] = [:]
    private var names: [Int64: StateSpace] = [:]
    private var plugins: [String: StateQuota] = [:]
    private var isLoaded = false
    private var changed: Set<StateSpace> = []
    private let perSpace, perPlugin: StateQuota

    init(_ connection: OpaquePointer, perSpace: StateQuota, perPlugin: StateQuota) throws(SQLiteFailure) {
        self.perSpace = perSpace
        self.perPlugin = perPlugin
        find = try PreparedStatement(connection, "SELECT id, entries, bytes FROM space WHERE plugin = ?1 AND domain = ?2")
        make = try PreparedStatement(connection, "INSERT INTO space (plugin, domain, entries, bytes) VALUES (?1, ?2, 0, 0) RETURNING id")
        update = try PreparedStatement(connection, "UPDATE space SET entries = ?2, bytes = ?3 WHERE id = ?1")
        remove = try PreparedStatement(connection, "DELETE FROM space WHERE id = ?1")
        sums = try PreparedStatement(connection, "SELECT plugin, sum(entries), sum(bytes) FROM space GROUP BY plugin")
        named = try PreparedStatement(connection, "SELECT plugin, domain FROM space WHERE id = ?1")
    }

    private let named: PreparedStatement

    /// The file is asked again.
    func forget() {
        spaces = [:]
        names = [:]
        plugins = [:]
        changed = []
        isLoaded = false
    }

    /// nil: nothing is kept there.
    func id(of space: StateSpace) throws(SQLiteFailure) -> Int64? { try usage(of: space)?.id }

    func idMade(for space: StateSpace) throws(SQLiteFailure) -> Int64 {
        if let id = try id(of: space) { return id }
        make.bind(1, space.plugin)
        make.bind(2, space.domain ?? "")
        _ = try make.next()
        let id = make.integer(0)
        make.reset()
        note(space, Usage(id: id, entries: 0, bytes: 0))
        changed.insert(space)
        return id
    }

    /// Why so much more does not fit; nil: it does.
    func refusal(_ space: StateSpace, entries: Int, bytes: Int) throws(SQLiteFailure) -> String? {
        if entries <= 0, bytes <= 0 { return nil }
        try load()
        let own = try usage(of: space) ?? Usage(id: 0, entries: 0, bytes: 0)
        if own.entries + entries > perSpace.entries || own.bytes + bytes > perSpace.bytes {
            let whose = space.domain.map { "for \($0)" } ?? "for all domains"
            return "\(space.plugin) keeps \(own.entries) entries of \(own.bytes >> 10) KiB \(whose), which is all that it may"
        }
        let all = plugins[space.plugin] ?? StateQuota(entries: 0, bytes: 0)
        if all.entries + entries > perPlugin.entries || all.bytes + bytes > perPlugin.bytes {
            return "\(space.plugin) keeps \(all.entries) entries of \(all.bytes >> 10) KiB in all, which is all that it may"
        }
        return nil
    }

    func add(_ id: Int64, entries: Int, bytes: Int) throws(SQLiteFailure) {
        guard let space = try space(of: id), var usage = try usage(of: space) else { return }
        try load()
        usage.entries += entries
        usage.bytes += bytes
        spaces[space] = usage
        var all = plugins[space.plugin] ?? StateQuota(entries: 0, bytes: 0)
        all.entries += entries
        all.bytes += bytes
        plugins[space.plugin] = all
        changed.insert(space)
    }

    /// Writes what has changed. Last thing in a transaction.
    func flush() throws(SQLiteFailure) {
        for space in changed {
            guard let usage = spaces[space] else { continue }
            if usage.entries == 0 {
                remove.bind(1, usage.id)
                try remove.run()
                spaces[space] = nil
                names[usage.id] = nil
            } else {
                update.bind(1, usage.id)
                update.bind(2, Int64(usage.entries))
                update.bind(3, Int64(usage.bytes))
                try update.run()
            }
        }
        changed = []
        if spaces.count > Self.known { (spaces, names) = ([:], [:]) }
    }

    private func usage(of space: StateSpace) throws(SQLiteFailure) -> Usage? {
        if let usage = spaces[space] { return usage }
        find.bind(1, space.plugin)
        find.bind(2, space.domain ?? "")
        guard try find.next() else { return nil }
        let usage = Usage(id: find.integer(0), entries: Int(find.integer(1)), bytes: Int(find.integer(2)))
        find.reset()
        note(space, usage)
        return usage
    }

    private func space(of id: Int64) throws(SQLiteFailure) -> StateSpace? {
        if let space = names[id] { return space }
        named.bind(1, id)
        guard try named.next() else { return nil }
        let domain = named.text(1)
        let space = StateSpace(plugin: named.text(0), domain: domain.isEmpty ? nil : domain)
        named.reset()
        return space
    }

    private func note(_ space: StateSpace, _ usage: Usage) {
        spaces[space] = usage
        names[usage.id] = space
    }

    private func load() throws(SQLiteFailure) {
        if isLoaded { return }
        plugins = [:]
        while try sums.next() { plugins[sums.text(0)] = StateQuota(entries: Int(sums.integer(1)), bytes: Int(sums.integer(2))) }
        isLoaded = true
    }
}
