import Mail

/// Reads messages from one of the two files. Bound to its connection's queue; statements are made when first needed.
final class MessageRows {
    private let connection: OpaquePointer
    private let path: String
    private var one, copies, body: PreparedStatement?

    init(_ connection: OpaquePointer, path: String) {
        self.connection = connection
        self.path = path
    }

    struct Found {
        /// Without its body.
        var message: StoredMessage
        /// See `MessageFlags.isSplit`.
        var isSplit: Bool
    }

    func message(_ id: QueueID) throws(SQLiteFailure) -> Found? {
        let one = try prepared(&one, "SELECT received, reverse_path, flags, session, size, envelope_id FROM message WHERE id = ?1")
        one.bind(1, id.rawValue)
        guard try one.next() else { return nil }
        let flags = MessageFlags(rawValue: one.integer(2))
        var message = StoredMessage(
            queueID: id, receivedAt: Timestamp(microseconds: one.integer(0)), reversePath: Self.path(one.text(1)),
            is8BitMIME: flags.contains(.is8BitMIME), isSMTPUTF8: flags.contains(.isSMTPUTF8),
            role: flags.contains(.isOutbound) ? .outbound : .inbound,
            dsn: DSNRequest(returned: flags.returned, envelopeID: one.isNull(5) ? nil : one.text(5)), sessionJSON: one.text(3), region: nil,
            size: Int(one.integer(4)), recipients: [])
        message.isSenderAuthenticated = flags.contains(.isSenderAuthenticated)
        one.reset()
        try readCopies(of: id, into: &message)
        return Found(message: message, isSplit: flags.contains(.isSplit))
    }

    private func readCopies(of id: QueueID, into message: inout StoredMessage) throws(SQLiteFailure) {
        let copies = try prepared(
            &copies,
            """
            SELECT place, address, domain, state, headers, reason, score, attempts, next_attempt, notify, original, reverse_path, told
            FROM recipient WHERE message = ?1 ORDER BY place
            """)
        copies.bind(1, id.rawValue)
        while try copies.next() {
            guard let state = RecipientState(rawValue: Int(copies.integer(3))) else {
                let number = copies.integer(3)
                copies.reset()
                throw SQLiteFailure(damage: "\(id) has a copy in state \(number), which there is not")
            }
            var copy = StoredRecipient(
                index: Int(copies.integer(0)), address: Self.address(copies.text(1)), policyDomain: copies.text(2), state: state,
                addedHeaders: copies.text(4), reason: copies.text(5), score: copies.number(6),
                nextAttempt: Timestamp(microseconds: copies.integer(8)))
            copy.attempts = Int(copies.integer(7))
            if !copies.isNull(9) { copy.notify = NotifyConditions(rawValue: UInt8(truncatingIfNeeded: copies.integer(9))) }
            if !copies.isNull(10) { copy.originalRecipient = copies.text(10) }
            if !copies.isNull(11) { copy.reversePath = Self.path(copies.text(11)) }
            copy.isDelayTold = copies.integer(12) != 0
            message.recipients.append(copy)
        }
    }

    enum Body {
        case bytes(Region)
        /// It is a file of that many bytes.
        case file(size: Int)
    }

    /// nil: the message is not in this file.
    func body(of id: QueueID) throws(SQLiteFailure) -> Body? {
        let body = try prepared(&body, "SELECT size, body FROM message WHERE id = ?1")
        body.bind(1, id.rawValue)
        guard try body.next() else { return nil }
        defer { body.reset() }
        let size = Int(body.integer(0))
        if body.isNull(1) { return .file(size: size) }
        // The bytes are the statement's until it is reset.
        let bytes = body.bytes(1)
        guard bytes.count == size else {
            throw SQLiteFailure(damage: "the body of \(id) has \(bytes.count) bytes, not the \(size) that were stored")
        }
        return .bytes(Region(copying: bytes))
    }

    private func prepared(_ statement: inout PreparedStatement?, _ sql: String) throws(SQLiteFailure) -> PreparedStatement {
        if let statement { return statement }
        let made = try PreparedStatement(connection, sql)
        statement = made
        return made
    }

    static func path(_ text: String) -> ReversePath { text.isEmpty ? .null : .address(address(text)) }

    /// What `description` wrote: without a domain there is no `@` (`postmaster`).
    static func address(_ text: String) -> EmailAddress { EmailAddress(unchecked: text) ?? EmailAddress(localPart: text, domain: "") }
}
