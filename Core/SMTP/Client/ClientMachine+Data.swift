import Mail

/// How a message goes: after DATA, or in chunks (RFC 3030).
extension ClientMachine {
    /// Bytes of a chunk. After each the server may refuse, so that not all of a large message need be sent.
    static let chunkBytes = 8 << 20
    /// Bytes of a message that goes along with MAIL and RCPT, before anybody is accepted.
    static let mostPipelined = 64 << 10

    /// The message and its end of data are written, or the chunk.
    public mutating func messageSent() {
        if running?.step == .message { running?.step = .endOfData }
        running?.isWriting = false
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

    /// The reply to the end of data; with LMTP one for each accepted recipient, in order (RFC 2033 section 4.2).
    mutating func messageAnswered(_ reply: Reply) -> Action {
        guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
        let outcome = Self.outcome(reply, .endOfData)
        guard isLMTP else { return finish(outcome, closes: false) }
        if let first = running?.outcomes.firstIndex(where: { $0 == nil }) { running?.outcomes[first] = outcome }
        return running?.hasAccepted == true ? .wait : finish(nil, closes: false)
    }

    // MARK: Chunks

    /// `commands` go before it. One that is not the last waits for its reply before the next goes.
    mutating func nextChunk(after commands: [UInt8] = []) -> Action {
        guard let now = running else { return .wait }
        let done = now.chunkedBytes ?? 0
        let count = min(now.transaction.size - done, Self.chunkBytes)
        let isLast = done + count == now.transaction.size
        if commands.isEmpty { running?.step = .chunk(isLast: isLast) }
        running?.chunkedBytes = done + count
        running?.isWriting = true
        return .sendChunk(commands + Array("BDAT \(count)\(isLast ? " LAST" : "")\r\n".utf8), count: count)
    }

    mutating func chunkAnswered(_ reply: Reply, isLast: Bool) -> Action {
        guard let now = running else { return .wait }
        let outcome = Self.outcome(reply, .chunk(isLast: isLast))
        // A word before the chunk's end: whatever it says, the rest of the chunk would be taken for commands.
        if now.isWriting { return finish(reply.isPositive ? nil : outcome, closes: true) }
        // It went along with commands that were refused. Should the server have read it as commands, nothing else of ours meets that.
        guard now.hasAccepted else { return finish(nil, closes: true) }
        guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
        if reply.isPositive { return isLast ? finish(outcome, closes: false) : nextChunk() }
        // It announced what it does not know.
        if (500...504).contains(reply.code) {
            hasRefusedChunking = true
            return finish(.deferred(DeliveryFailure(reply: reply, detail: "in reply to BDAT", isNextHopsFault: true)), closes: true)
        }
        return finish(outcome, closes: false, resets: true)
    }
}
