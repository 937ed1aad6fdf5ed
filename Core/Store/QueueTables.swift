import Mail

/// What the writer of queue.db does. A change goes through here alone when all of its copies are open here and none goes into quarantine.
final class QueueTables: MessageTables, WriterTables {
    enum Work: Sendable {
        case accept(StoredMessage, bodyInFile: Bool)
        case change([RecipientChange], adding: [StoredMessage])
        /// An accept that is not this file's alone.
        case divide(Move)
        /// This file's part of a move that quarantine.db is prepared for.
        case move(Move)
    }

    private let addQueued, decide, forget, markSplit: PreparedStatement
    private let moves: Moves
    private var forgetting: [Int64] = []
    /// Messages of the work that was set aside in this batch: what follows it must not overtake it.
    private var setAside: Set<QueueID> = []

    init(_ connection: OpaquePointer, path: String, moves: Moves) throws(SQLiteFailure) {
        addQueued = try PreparedStatement(connection, "UPDATE meta SET value = value + ?1 WHERE name = 'queued'")
        decide = try PreparedStatement(connection, "INSERT INTO decided VALUES (?1)")
        forget = try PreparedStatement(connection, "DELETE FROM decided WHERE number = ?1")
        markSplit = try PreparedStatement(connection, "UPDATE message SET flags = flags | ?2 WHERE id = ?1 AND flags & ?2 = 0")
        self.moves = moves
        try super.init(connection, path: path)
    }

    /// False: another file is concerned, and nothing was done.
    func perform(_ work: Work) throws(SQLiteFailure) -> Bool {
        switch work {
        case .accept(let message, let bodyInFile):
            // A message without an open copy is not stored: there is nothing left to do for it.
            if message.recipients.contains(where: { !$0.state.isFinal }) { try insert(message, bodyInFile: bodyInFile) }
            return true
        case .change(let changes, let messages):
            if try change(changes, adding: messages) { return true }
            setAside.formUnion(changes.map(\.queueID))
            return false
        case .divide: return false
        case .move(let move):
            try apply(move)
            return true
        }
    }

    private func change(_ changes: [RecipientChange], adding messages: [StoredMessage]) throws(SQLiteFailure) -> Bool {
        if messages.contains(where: \.hasQuarantined) { return false }
        var open: [[Copy]] = []
        var isHere = true
        try changes.forEachMessage { id, part throws(SQLiteFailure) in
            guard isHere, !setAside.contains(id), !moves.claims(id) else { return isHere = false }
            let copies = try openCopies(of: id)
            for change in Self.effective(part, copies) where change.state == .quarantined || Self.index(of: change.index, in: copies) == nil
            { isHere = false }
            try Self.checkTold(part, copies, mayBeElsewhere: true)
            open.append(copies)
        }
        guard isHere else { return false }
        for message in messages { _ = try perform(.accept(message, bodyInFile: false)) }
        var at = 0
        try changes.forEachMessage { id, part throws(SQLiteFailure) in
            // A message may come twice in one call: then what the first time left is what counts.
            let copies = at > 0 ? try openCopies(of: id) : open[at]
            try change(part, of: id, open: copies)
            at += 1
        }
        return true
    }

    func handedOver() { setAside.removeAll() }

    override func conclude() throws(SQLiteFailure) {
        if effects.counts.queued != 0 {
            addQueued.bind(1, Int64(effects.counts.queued))
            try addQueued.run()
        }
        forgetting = moves.settled
        for number in forgetting {
            forget.bind(1, number)
            try forget.run()
        }
        try super.conclude()
    }

    override func committed() { if !forgetting.isEmpty { moves.forget(forgetting) } }

    // MARK: Moves

    /// What stands here of the copies that `move` is about. Not in a transaction.
    func read(_ move: Move) throws(SQLiteFailure) {
        for (message, bodyInFile) in move.added {
            if let part = message.with({ $0.state == .quarantined }) {
                move.arrivals.append(Move.Arrival(message: part, bodyInFile: bodyInFile, isKnown: false))
            }
        }
        guard case .change(let changes, _) = move.work else { return }
        try changes.forEachMessage { id, part throws(SQLiteFailure) in
            let open = try openCopies(of: id)
            try Self.checkTold(part, open, mayBeElsewhere: true)
            var leaving: [Int: RecipientChange] = [:]
            for change in Self.effective(part, open) {
                if Self.index(of: change.index, in: open) == nil {
                    move.elsewhere.append(change)
                } else if change.state == .quarantined {
                    leaving[change.index] = change
                } else {
                    move.here.append(change)
                }
            }
            guard !leaving.isEmpty, var message = try rows.message(id)?.message else { return }
            message.recipients = message.recipients.compactMap { copy in leaving[copy.index].map(copy.changed) }
            if case .bytes(let region)? = try rows.body(of: id) { message.region = region }
            move.arrivals.append(Move.Arrival(message: message, bodyInFile: message.region == nil, isKnown: true))
        }
    }

    private func apply(_ move: Move) throws(SQLiteFailure) {
        for (message, bodyInFile) in move.added {
            guard let part = message.with({ $0.state != .quarantined }) else { continue }
            try insert(part, bodyInFile: bodyInFile, flags: message.hasQuarantined ? .isSplit : [])
        }
        for arrival in move.arrivals where arrival.isKnown { try leave(arrival.message) }
        for message in move.returning { try insert(message, bodyInFile: message.region == nil, flags: .isSplit, isKnown: true) }
        try move.here.forEachMessage { id, part throws(SQLiteFailure) in try change(part, of: id, open: try openCopies(of: id)) }
        guard move.isPending else { return }
        decide.bind(1, move.number)
        try decide.run()
    }

    /// These copies stand in quarantine.db from now on.
    private func leave(_ message: StoredMessage) throws(SQLiteFailure) {
        let id = message.queueID
        var open = try openCopies(of: id)
        for copy in message.recipients {
            guard let at = Self.index(of: copy.index, in: open) else { continue }
            try remove(open.remove(at: at), of: id)
        }
        if open.isEmpty { return try remove(id, open: []) }
        markSplit.bind(1, id.rawValue)
        markSplit.bind(2, MessageFlags.isSplit.rawValue)
        try markSplit.run()
    }
}
