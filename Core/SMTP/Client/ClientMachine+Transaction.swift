import Mail

extension ClientMachine {
    /// A transaction under way. The steps are the same with and without PIPELINING; only when a command is written differs.
    struct Running: Sendable {
        /// Whose reply is awaited next.
        enum Step: Equatable, Sendable {
            case reset, mail
            case recipient(Int)
            case data
            /// The driver is sending the message, after DATA.
            case message
            case endOfData
            /// A chunk was sent, or is being sent, with BDAT.
            case chunk(isLast: Bool)
            /// DATA was taken although no recipient was: a lone dot was sent (RFC 2920 section 3.1).
            case loneDot

            var word: String {
                switch self {
                case .reset: "RSET"
                case .mail: "MAIL"
                case .recipient: "RCPT"
                case .data: "DATA"
                case .chunk: "BDAT"
                case .message, .endOfData, .loneDot: "end of data"
                }
            }
        }

        let transaction: ClientTransaction
        let isPipelined: Bool
        /// BDAT instead of DATA.
        let isChunked: Bool
        var step: Step
        /// Bytes of the message that chunks have taken; nil before the first.
        var chunkedBytes: Int?
        /// The driver is writing a chunk.
        var isWriting = false
        var isUnanswered = true
        /// By recipient; nil until known. Those accepted by RCPT stay nil up to the end of data.
        var outcomes: [DeliveryOutcome?]
        /// Set when MAIL was refused: everybody's outcome.
        var refusal: DeliveryOutcome?

        var hasAccepted: Bool { refusal == nil && outcomes.contains { $0 == nil } }
    }

    /// Starts a transaction; only in state `ready`. What this server cannot take is refused here without a word to it.
    public mutating func begin(_ transaction: ClientTransaction) -> Action {
        precondition(state == .ready && !transaction.recipients.isEmpty, "begin in state \(state)")
        if let most = capabilities.mostBytes, transaction.size > most {
            return turnedAway(transaction, "5.3.4 message of \(transaction.size) bytes; the server takes \(most)", isItsFault: true)
        }
        if transaction.needsSMTPUTF8, !capabilities.hasSMTPUTF8 {
            return turnedAway(transaction, "5.6.7 the message needs SMTPUTF8, which the server does not offer", isItsFault: true)
        }
        if transaction.needs8BitMIME, !capabilities.has8BitMIME {
            return turnedAway(transaction, "5.6.3 the message needs 8BITMIME, which the server does not offer", isItsFault: true)
        }
        var out: [UInt8] = []
        out.reserveCapacity(128 + 64 * transaction.recipients.count)
        guard let mail = mailCommand(transaction),
            transaction.recipients.allSatisfy({ Self.isSendable($0.address.localPart, $0.address.domain) })
        else {
            return turnedAway(transaction, "5.1.3 an address with control characters", isItsFault: false)
        }
        let isPipelined = capabilities.hasPipelining
        let isChunked =
            usesChunking && capabilities.hasChunking && !isLMTP && !transaction.endsAfterRecipients && transaction.size > Self.mostAfterDATA
        state = .transaction
        running = Running(
            transaction: transaction, isPipelined: isPipelined, isChunked: isChunked, step: needsReset ? .reset : .mail,
            outcomes: Array(repeating: nil, count: transaction.recipients.count))
        if needsReset { out += "RSET\r\n".utf8 }
        if isPipelined || !needsReset { out += mail }
        needsReset = false
        if isPipelined {
            for recipient in transaction.recipients { appendRecipient(recipient, to: &out) }
            if !isChunked, !transaction.endsAfterRecipients { out += "DATA\r\n".utf8 }
        }
        return .send(out)
    }

    mutating func answered(_ reply: Reply, hasMore: Bool) -> Action {
        guard let step = running?.step else { preconditionFailure("a transaction's state without a transaction") }
        running?.isUnanswered = false
        switch step {
        case .reset:
            guard reply.code == 250 else { return unexpected(reply) }
            running?.step = .mail
            if running?.isPipelined == true { return .wait }
            return running.flatMap { mailCommand($0.transaction) }.map { .send($0) } ?? unexpected(reply)
        case .mail:
            guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
            running?.step = .recipient(0)
            if !reply.isPositive {
                let refusal = refusedMail(reply)
                running?.refusal = refusal
                if running?.isPipelined == false { return finish(nil, closes: false, resets: true) }
            }
            return sendUnlessPipelined(recipient: 0)
        case .recipient(let index): return recipientAnswered(reply, index)
        case .data:
            return reply.code == 354 ? dataAccepted(reply) : dataRefused(reply, hasMore: hasMore)
        case .message:
            // A word before the end of data: whatever it says, the rest of the message would be taken for commands.
            return finish(reply.isPositive ? nil : outcome(reply, step), closes: true)
        case .endOfData: return messageAnswered(reply)
        case .chunk(let isLast): return chunkAnswered(reply, isLast: isLast, hasMore: hasMore)
        case .loneDot: return finish(nil, closes: false)
        }
    }

    private mutating func recipientAnswered(_ reply: Reply, _ index: Int) -> Action {
        guard var now = running else { return .wait }
        guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
        running = nil  // so that the change below copies nothing
        let isCallout = now.transaction.endsAfterRecipients
        if isCallout || !reply.isPositive { now.outcomes[index] = outcome(reply, now.step) }
        let next = index + 1
        now.step = next < now.outcomes.count ? .recipient(next) : .data
        running = now
        if next < now.outcomes.count { return sendUnlessPipelined(recipient: next) }
        if isCallout { return finish(nil, closes: false, resets: true) }
        if now.isChunked { return now.hasAccepted ? nextChunk() : finish(nil, closes: false, resets: true) }
        if now.isPipelined { return .wait }
        return now.hasAccepted ? .send(Array("DATA\r\n".utf8)) : finish(nil, closes: false, resets: true)
    }

    mutating func unexpected(_ reply: Reply) -> Action { failure("unexpected reply to \(word): \(reply)") }

    /// Ends the transaction: MAIL's refusal for everybody, else `rest` for all that have no outcome yet.
    mutating func finish(_ rest: DeliveryOutcome?, closes: Bool, resets: Bool = false) -> Action {
        guard let now = running else { preconditionFailure("the end of no transaction") }
        running = nil
        state = closes ? .closed : .ready
        needsReset = resets
        // What follows a refused MAIL says nothing more than that (503 to each RCPT).
        if let refusal = now.refusal {
            return .finished(now.outcomes.map { _ in refusal }, closes: closes)
        }
        let missing = rest ?? .deferred(DeliveryFailure(detail: "a reply before the end of data", isNextHopsFault: true))
        return .finished(now.outcomes.map { $0 ?? missing }, closes: closes)
    }

    /// `isItsFault`: another server may be able.
    private mutating func turnedAway(_ transaction: ClientTransaction, _ why: String, isItsFault: Bool) -> Action {
        let outcome = DeliveryOutcome.bounced(DeliveryFailure(detail: why, isNextHopsFault: isItsFault))
        return .finished(Array(repeating: outcome, count: transaction.recipients.count), closes: false)
    }

    /// Everybody's outcome. In a callout it says nothing about a recipient, whatever the code: the null reverse-path was refused.
    private mutating func refusedMail(_ reply: Reply) -> DeliveryOutcome {
        guard running?.transaction.endsAfterRecipients == true else { return outcome(reply, .mail) }
        return .deferred(DeliveryFailure(reply: reply, detail: "in reply to MAIL", isNextHopsFault: true))
    }
}
