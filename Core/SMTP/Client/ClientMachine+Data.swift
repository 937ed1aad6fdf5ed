import Mail

/// How a message goes: after DATA, or in chunks (RFC 3030).
extension ClientMachine {
    /// Bytes of a chunk. After each the server may refuse, so that not all of a large message need be sent.
    static let chunkBytes = 8 << 20
    /// Bytes of a message that goes after DATA even to a server with CHUNKING. The 354 shows which reply is whose; BDAT has no such sign, so
    /// that a server that once said one reply too many would have said that it took the message.
    static let mostAfterDATA = 64 << 10

    /// The message and its end of data are written, or the chunk.
    public mutating func messageSent() {
        if running?.step == .message { running?.step = .endOfData }
        running?.isWriting = false
    }

    /// The message, or its last chunk, is out: the server may have taken it, whatever it says or does not say from now on.
    public var isPastEndOfData: Bool {
        guard let now = running else { return false }
        return now.step == .endOfData || (now.step == .chunk(isLast: true) && !now.isWriting)
    }

    mutating func dataAccepted(_ reply: Reply) -> Action {
        guard let now = running else { return .wait }
        if now.hasAccepted {
            running?.step = .message
            return .sendMessage
        }
        // MAIL refused, and yet a recipient and DATA taken: a lone dot might send an empty message.
        guard now.refusal == nil else { return unexpected(reply) }
        // RFC 2033 section 4.2: as many replies as recipients, so none would come.
        if isLMTP { return finish(nil, closes: true) }
        running?.step = .loneDot
        return .send(Array(".\r\n".utf8))
    }

    /// Any reply but 354. One that cannot be to DATA shows that there was one too many before.
    mutating func dataRefused(_ reply: Reply, hasMore: Bool) -> Action {
        guard let now = running else { return .wait }
        let isAnothers = now.hasAccepted && (reply.status.subject == 1 || (500...504).contains(reply.code))
        if reply.isPositive || hasMore || isAnothers {
            // Then those to RCPT were not each recipient's own either, and no message has gone.
            if now.isPipelined { running?.outcomes = now.outcomes.map { _ in nil } }
            return unexpected(reply)
        }
        return finish(outcome(reply, .data), closes: false, resets: true)
    }

    /// The reply to the end of data; with LMTP one for each accepted recipient, in order (RFC 2033 section 4.2).
    mutating func messageAnswered(_ reply: Reply) -> Action {
        guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
        let outcome = outcome(reply, .endOfData)
        guard isLMTP else { return finish(outcome, closes: false) }
        if let first = running?.outcomes.firstIndex(where: { $0 == nil }) { running?.outcomes[first] = outcome }
        return running?.hasAccepted == true ? .wait : finish(nil, closes: false)
    }

    // MARK: Chunks

    /// One that is not the last waits for its reply before the next goes.
    mutating func nextChunk() -> Action {
        guard let now = running else { return .wait }
        let done = now.chunkedBytes ?? 0
        let count = min(now.transaction.size - done, Self.chunkBytes)
        let isLast = done + count == now.transaction.size
        running?.step = .chunk(isLast: isLast)
        running?.chunkedBytes = done + count
        running?.isWriting = true
        return .sendChunk(Array("BDAT \(count)\(isLast ? " LAST" : "")\r\n".utf8), count: count)
    }

    mutating func chunkAnswered(_ reply: Reply, isLast: Bool, hasMore: Bool) -> Action {
        guard let now = running else { return .wait }
        // About an address: to RCPT or MAIL, so that there was one too many before.
        if reply.status.subject == 1, reply.isPositive || now.isWriting { return unexpected(reply) }
        // It announced what it does not know, and may be reading the chunk as commands.
        if (500...504).contains(reply.code) {
            hasRefusedChunking = true
            return finish(.deferred(DeliveryFailure(reply: reply, detail: "in reply to BDAT", isNextHopsFault: true)), closes: true)
        }
        guard !hasMore, reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
        let outcome = outcome(reply, .chunk(isLast: isLast))
        // A word before the chunk's end: whatever it says, the rest of the chunk would be taken for commands.
        if now.isWriting { return finish(reply.isPositive ? nil : outcome, closes: true) }
        if reply.isPositive { return isLast ? finish(outcome, closes: false) : nextChunk() }
        return finish(outcome, closes: false, resets: true)
    }
}
