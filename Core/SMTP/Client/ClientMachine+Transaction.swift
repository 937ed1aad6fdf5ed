import Mail

extension ClientMachine {
    /// A transaction under way. The steps are the same with and without PIPELINING; only when a command is written differs.
    struct Running: Sendable {
        /// Whose reply is awaited next.
        enum Step: Equatable, Sendable {
            case reset, mail
            case recipient(Int)
            case data
            /// The driver is sending the message.
            case message
            case endOfData
            /// DATA was taken although no recipient was: a lone dot was sent (RFC 2920 section 3.1).
            case loneDot

            var word: String {
                switch self {
                case .reset: "RSET"
                case .mail: "MAIL"
                case .recipient: "RCPT"
                case .data: "DATA"
                case .message, .endOfData, .loneDot: "end of data"
                }
            }
        }

        let transaction: ClientTransaction
        let isPipelined: Bool
        var step: Step
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
            return turnedAway(transaction, "5.3.4 message of \(transaction.size) bytes; the server takes \(most)")
        }
        if transaction.needsSMTPUTF8, !capabilities.hasSMTPUTF8 {
            return turnedAway(transaction, "5.6.7 the message needs SMTPUTF8, which the server does not offer")
        }
        var out: [UInt8] = []
        out.reserveCapacity(128 + 64 * transaction.recipients.count)
        guard let mail = mailCommand(transaction),
            transaction.recipients.allSatisfy({ Self.isSendable($0.address.localPart, $0.address.domain) })
        else {
            return turnedAway(transaction, "5.1.3 an address with control characters")
        }
        let isPipelined = capabilities.hasPipelining
        state = .transaction
        running = Running(
            transaction: transaction, isPipelined: isPipelined, step: needsReset ? .reset : .mail,
            outcomes: Array(repeating: nil, count: transaction.recipients.count))
        if needsReset { out += "RSET\r\n".utf8 }
        if isPipelined || !needsReset { out += mail }
        if isPipelined {
            for recipient in transaction.recipients { appendRecipient(recipient, to: &out) }
            if !transaction.endsAfterRecipients { out += "DATA\r\n".utf8 }
        }
        needsReset = false
        return .send(out)
    }

    /// The message and its end of data are written.
    public mutating func messageSent() {
        if running?.step == .message { running?.step = .endOfData }
    }

    mutating func answered(_ reply: Reply) -> Action {
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
            if reply.code == 354 { return dataAccepted(reply) }
            guard !reply.isPositive else { return unexpected(reply) }
            return finish(Self.outcome(reply, step), closes: false, resets: true)
        case .message:
            // A word before the end of data: whatever it says, the rest of the message would be taken for commands.
            return finish(reply.isPositive ? nil : Self.outcome(reply, step), closes: true)
        case .endOfData:
            guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
            return finish(Self.outcome(reply, step), closes: false)
        case .loneDot: return finish(nil, closes: false)
        }
    }

    private mutating func recipientAnswered(_ reply: Reply, _ index: Int) -> Action {
        guard var now = running else { return .wait }
        guard reply.code < 300 || reply.code >= 400 else { return unexpected(reply) }
        running = nil  // so that the change below copies nothing
        let isCallout = now.transaction.endsAfterRecipients
        if isCallout || !reply.isPositive { now.outcomes[index] = Self.outcome(reply, now.step) }
        let next = index + 1
        now.step = next < now.outcomes.count ? .recipient(next) : .data
        running = now
        if next < now.outcomes.count { return sendUnlessPipelined(recipient: next) }
        if isCallout { return finish(nil, closes: false, resets: true) }
        if now.isPipelined { return .wait }
        return now.hasAccepted ? .send(Array("DATA\r\n".utf8)) : finish(nil, closes: false, resets: true)
    }

    private mutating func dataAccepted(_ reply: Reply) -> Action {
        guard let now = running else { return .wait }
        if now.hasAccepted {
            running?.step = .message
            return .sendMessage
        }
        // MAIL refused, and yet a recipient and DATA taken: a lone dot might send an empty message.
        guard now.refusal == nil else { return unexpected(reply) }
        running?.step = .loneDot
        return .send(Array(".\r\n".utf8))
    }

    private mutating func unexpected(_ reply: Reply) -> Action { failure("unexpected reply to \(word): \(reply)") }

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

    private mutating func turnedAway(_ transaction: ClientTransaction, _ why: String) -> Action {
        let outcome = DeliveryOutcome.bounced(DeliveryFailure(detail: why))
        return .finished(Array(repeating: outcome, count: transaction.recipients.count), closes: false)
    }

    /// Everybody's outcome. In a callout it says nothing about a recipient, whatever the code: the null reverse-path was refused.
    private func refusedMail(_ reply: Reply) -> DeliveryOutcome {
        guard running?.transaction.endsAfterRecipients == true else { return Self.outcome(reply, .mail) }
        return .deferred(DeliveryFailure(reply: reply, detail: "\(reply) (in reply to MAIL)", isNextHopsFault: true))
    }

    private static func outcome(_ reply: Reply, _ step: Running.Step) -> DeliveryOutcome {
        if reply.isPositive { return .delivered(reply) }
        let failure = DeliveryFailure(reply: reply, detail: "\(reply) (in reply to \(step.word))")
        return reply.isTransient ? .deferred(failure) : .bounced(failure)
    }

    // MARK: Commands

    private func sendUnlessPipelined(recipient index: Int) -> Action {
        guard let now = running, !now.isPipelined else { return .wait }
        var out: [UInt8] = []
        appendRecipient(now.transaction.recipients[index], to: &out)
        return .send(out)
    }

    /// nil: the address cannot be sent.
    private func mailCommand(_ transaction: ClientTransaction) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(128)
        out += "MAIL FROM:<".utf8
        if case .address(let address) = transaction.reversePath {
            guard Self.isSendable(address.localPart, address.domain) else { return nil }
            Self.append(address, to: &out)
        }
        out += ">".utf8
        if capabilities.hasSize, !transaction.endsAfterRecipients { out += " SIZE=\(transaction.size)".utf8 }
        if transaction.is8BitMIME, capabilities.has8BitMIME { out += " BODY=8BITMIME".utf8 }
        if transaction.needsSMTPUTF8 { out += " SMTPUTF8".utf8 }
        if capabilities.hasDSN {
            if let returned = transaction.dsn.returned { out += " RET=\(returned.rawValue)".utf8 }
            if let id = transaction.dsn.envelopeID { out += " ENVID=\(XText.encode(id))".utf8 }
        }
        out += "\r\n".utf8
        return out
    }

    private func appendRecipient(_ recipient: Recipient, to out: inout [UInt8]) {
        out += "RCPT TO:<".utf8
        Self.append(recipient.address, to: &out)
        out += ">".utf8
        if capabilities.hasDSN {
            if let notify = recipient.notify { out += " NOTIFY=\(Self.word(notify))".utf8 }
            if let original = recipient.originalRecipient, isParameter(original) { out += " ORCPT=\(original)".utf8 }
        }
        out += "\r\n".utf8
    }

    private static func word(_ notify: NotifyConditions) -> String {
        if notify.isEmpty { return "NEVER" }
        return [(NotifyConditions.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")]
            .filter { notify.contains($0.0) }.map(\.1).joined(separator: ",")
    }

    /// UTF-8 in a parameter is for a message that goes with SMTPUTF8 only (RFC 6533 section 3).
    private func isParameter(_ text: String) -> Bool {
        let most: UInt8 = running?.transaction.needsSMTPUTF8 == true ? 0xFF : 0x7E
        return !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 <= most }
    }

    private static func append(_ address: EmailAddress, to out: inout [UInt8]) {
        out += address.localPart.utf8
        // RFC 5321 section 4.1.1.3: `postmaster` alone has no domain.
        guard !address.domain.isEmpty else { return }
        out.append(UInt8(ascii: "@"))
        out += address.domain.utf8
    }

    /// No control characters: an address must never become a command of its own.
    private static func isSendable(_ parts: String...) -> Bool {
        parts.allSatisfy { $0.utf8.allSatisfy { $0 >= 32 && $0 != 127 } }
    }
}
