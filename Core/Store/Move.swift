import Mail

/// One change or accept that concerns both files, or quarantine.db alone, on its way (README: moves). Handed from writer to writer, never
/// shared.
final class Move: @unchecked Sendable {
    enum Work: Sendable {
        case accept(StoredMessage, bodyInFile: Bool)
        case change([RecipientChange], adding: [StoredMessage])
    }

    /// A message with the copies that go into quarantine.db.
    struct Arrival {
        var message: StoredMessage
        var bodyInFile: Bool
        /// They come from queue.db, so until the move counts they still stand there.
        var isKnown: Bool
    }

    let work: Work
    let completion: @Sendable (Result<Void, StoreFailure>) -> Void
    /// The messages that it touches: nothing else changes them meanwhile.
    let ids: Set<QueueID>
    var number: Int64 = 0
    /// Read from queue.db: what goes from there into quarantine.db, what changes there, what is not open there.
    var arrivals: [Arrival] = []
    var here: [RecipientChange] = []
    var elsewhere: [RecipientChange] = []
    /// Read from quarantine.db: what goes from there into queue.db, changed already. Without a region its body is a file.
    var returning: [StoredMessage] = []
    /// quarantine.db has marks of it.
    var isPending = false

    init(_ work: Work, completion: @escaping @Sendable (Result<Void, StoreFailure>) -> Void) {
        self.work = work
        self.completion = completion
        switch work {
        case .accept(let message, _): ids = [message.queueID]
        case .change(let changes, let messages): ids = Set(changes.map(\.queueID)).union(messages.map(\.queueID))
        }
    }

    /// Messages that come with it, with the copies that stand in queue.db.
    var added: [(message: StoredMessage, bodyInFile: Bool)] {
        switch work {
        case .accept(let message, let bodyInFile): [(message, bodyInFile)]
        case .change(_, let messages): messages.map { ($0, false) }
        }
    }

    /// Bytes of bodies that it holds in memory.
    var bytes: Int { arrivals.reduce(0) { $0 + ($1.message.region?.count ?? 0) } }
}

extension StoredMessage {
    /// With some of its copies; nil when there is none, or none that is open.
    func with(_ isWanted: (StoredRecipient) -> Bool) -> StoredMessage? {
        var part = self
        part.recipients = recipients.filter(isWanted)
        return part.recipients.contains { !$0.state.isFinal } ? part : nil
    }

    var hasQuarantined: Bool { recipients.contains { $0.state == .quarantined } }
    var isQuarantinedWhole: Bool { recipients.allSatisfy { $0.state == .quarantined || $0.state.isFinal } && hasQuarantined }
}

extension StoredRecipient {
    func changed(by change: RecipientChange) -> StoredRecipient {
        var copy = self
        copy.state = change.state
        copy.attempts = change.attempts
        copy.nextAttempt = change.nextAttempt
        copy.reason = change.reason
        if let headers = change.addedHeaders { copy.addedHeaders = headers }
        if change.tellsDelay { copy.isDelayTold = true }
        return copy
    }
}
