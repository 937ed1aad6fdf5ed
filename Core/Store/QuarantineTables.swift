import Mail

/// What the writer of quarantine.db does. `pending` holds the marks of moves that may or may not count yet.
final class QuarantineTables: MessageTables, WriterTables {
    enum Work: Sendable {
        /// All of its copies are quarantined (or final).
        case accept(StoredMessage, bodyInFile: Bool)
        /// Copies stay here or are gone for good.
        case change([RecipientChange])
        /// Before queue.db decides: what comes is written, what goes is marked.
        case prepare(Move)
        /// queue.db has decided: the marks are carried out.
        case finish(Move)
        /// queue.db has not taken its part.
        case undo(Move)
    }

    /// The column `kind`. Numbers are on disk.
    enum Kind: Int64 {
        case leaves = 0
        case arrives = 1
        /// As part of a message that nobody has promised to keep yet.
        case arrivesNew = 2
    }

    private let selectArriving, insertPending, selectNumber, deleteNumber: PreparedStatement

    override init(_ connection: OpaquePointer, path: String) throws(SQLiteFailure) {
        selectArriving = try PreparedStatement(connection, "SELECT place FROM pending WHERE message = ?1 AND kind > 0")
        insertPending = try PreparedStatement(connection, "INSERT OR REPLACE INTO pending VALUES (?1, ?2, ?3, ?4)")
        selectNumber = try PreparedStatement(
            connection, "SELECT message, place, kind FROM pending WHERE number = ?1 ORDER BY message, place")
        deleteNumber = try PreparedStatement(connection, "DELETE FROM pending WHERE number = ?1")
        try super.init(connection, path: path)
    }

    func perform(_ work: Work) throws(SQLiteFailure) -> Bool {
        switch work {
        case .accept(let message, let bodyInFile): try insert(message, bodyInFile: bodyInFile)
        case .change(let changes):
            try changes.forEachMessage { id, part throws(SQLiteFailure) in try change(part, of: id, open: try openCopies(of: id)) }
        case .prepare(let move): try prepare(move)
        case .finish(let move): try settle(move.number, counts: true)
        case .undo(let move): try settle(move.number, counts: false)
        }
        return true
    }

    /// Those on their way here do not stand here yet.
    override func openCopies(of id: QueueID) throws(SQLiteFailure) -> [Copy] {
        let open = try super.openCopies(of: id)
        if open.isEmpty { return open }
        var arriving: Set<Int> = []
        selectArriving.bind(1, id.rawValue)
        while try selectArriving.next() { arriving.insert(Int(selectArriving.integer(0))) }
        return arriving.isEmpty ? open : open.filter { !arriving.contains($0.place) }
    }

    private func prepare(_ move: Move) throws(SQLiteFailure) {
        // May be tried twice, when another's failure rolled the first time back.
        move.returning = []
        move.isPending = false
        for arrival in move.arrivals {
            try insert(arrival.message, bodyInFile: arrival.bodyInFile, isKnown: true)
            for copy in arrival.message.recipients {
                effects.counts.add(copy.state, -1)
                try mark(arrival.message.queueID, copy.index, arrival.isKnown ? .arrives : .arrivesNew, move)
            }
        }
        try move.elsewhere.forEachMessage { id, part throws(SQLiteFailure) in
            let open = try openCopies(of: id)
            try Self.checkTold(part, open, mayBeElsewhere: false)
            var returning: [Int: RecipientChange] = [:]
            for change in part {
                guard Self.index(of: change.index, in: open) != nil else { continue }
                if change.state == .quarantined {
                    try self.change([change], of: id, open: open)
                } else {
                    if !change.state.isFinal { returning[change.index] = change }
                    try mark(id, change.index, .leaves, move)
                }
            }
            guard !returning.isEmpty, var message = try rows.message(id)?.message else { return }
            message.recipients = message.recipients.compactMap { copy in returning[copy.index].map(copy.changed) }
            if case .bytes(let region)? = try rows.body(of: id) { message.region = region }
            move.returning.append(message)
        }
    }

    private func mark(_ id: QueueID, _ place: Int, _ kind: Kind, _ move: Move) throws(SQLiteFailure) {
        insertPending.bind(1, id.rawValue)
        insertPending.bind(2, Int64(place))
        insertPending.bind(3, move.number)
        insertPending.bind(4, kind.rawValue)
        try insertPending.run()
        move.isPending = true
    }

    /// Carries out the marks of a move, or takes them back.
    func settle(_ number: Int64, counts: Bool) throws(SQLiteFailure) {
        var marks: [(id: QueueID, place: Int, leaves: Bool)] = []
        selectNumber.bind(1, number)
        while try selectNumber.next() {
            marks.append((QueueID(rawValue: selectNumber.integer(0)), Int(selectNumber.integer(1)), selectNumber.integer(2) == 0))
        }
        deleteNumber.bind(1, number)
        try deleteNumber.run()
        for (at, mark) in marks.enumerated() {
            if mark.leaves {
                if counts { try remove(Copy(place: mark.place, state: .quarantined), of: mark.id) }
            } else if counts {
                effects.counts.add(.quarantined)
            } else {
                try remove(Copy(place: mark.place, state: .quarantined), of: mark.id)
                // It was never counted.
                effects.counts.add(.quarantined)
            }
            // What is pending for other moves keeps the message too.
            let isLast = at + 1 == marks.count || marks[at + 1].id != mark.id
            if isLast, try super.openCopies(of: mark.id).isEmpty { try remove(mark.id, open: []) }
        }
    }
}
