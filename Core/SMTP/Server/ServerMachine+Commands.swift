import Mail

/// What each command does, and what follows from the inspector's answers (RFC 5321 sections 3.3 and 4.1.4).
extension ServerMachine {
    /// `hasMore`: bytes came in behind the command.
    mutating func execute(_ command: Command, hasMore: Bool) -> ServerAction {
        switch command {
        case .hello(let name, let isExtended):
            if let end = countIdleCommand() { return end }
            transaction = nil
            session.hasGreeted = false
            facts.helo = name
            facts.isESMTP = isExtended
            return ask(.hello(isExtended: isExtended))
        case .mail(let envelope): return mail(envelope)
        case .recipient(let address): return recipient(address)
        case .data: return data()
        case .reset:
            if let end = countIdleCommand() { return end }
            guard transaction != nil else { return .reply(ServerReply.ok) }
            transaction = nil
            return .forget(ServerReply.ok, isRefusal: false)
        case .noop: return countIdleCommand() ?? .reply(ServerReply.ok)
        case .verify:
            if let end = countIdleCommand() { return end }
            return isTLSMissing ? refuse(ServerReply.mustUseTLS) : .reply(ServerReply.cannotVerify)
        case .quit: return end(ServerReply.closing)
        case .startTLS: return startTLS(hasMore: hasMore)
        }
    }

    var isTLSMissing: Bool { requiresTLS && facts.tls == nil }

    private mutating func countIdleCommand() -> ServerAction? {
        session.idleCommands += 1
        return session.idleCommands > limits.idleCommands ? end(ServerReply.tooManyIdleCommands) : nil
    }

    private mutating func mail(_ envelope: Envelope) -> ServerAction {
        if isTLSMissing { return refuse(ServerReply.mustUseTLS, during: .mail) }
        guard session.hasGreeted else { return refuse(ServerReply.needHello, during: .mail) }
        guard transaction == nil else { return refuse(ServerReply.nestedMail, during: .mail) }
        if let size = envelope.declaredSize, size > limits.messageSize {
            return refuse(ServerReply.messageTooLarge, during: .mail)
        }
        return ask(.mail(envelope))
    }

    private mutating func recipient(_ address: EmailAddress) -> ServerAction {
        if isTLSMissing { return refuse(ServerReply.mustUseTLS, during: .rcpt) }
        guard transaction != nil else { return refuse(ServerReply.needMail, during: .rcpt) }
        transaction!.tried += 1
        // Not an error: the client sends the others in the next transaction (RFC 5321 section 4.5.3.1.10). One that never stops is ended.
        if transaction!.tried > 2 * limits.recipients + 100 { return .end(ServerReply.tooManyErrors) }
        guard transaction!.accepted < limits.recipients else { return .reply(ServerReply.tooManyRecipients) }
        return ask(.recipient(address))
    }

    private mutating func data() -> ServerAction {
        if isTLSMissing { return refuse(ServerReply.mustUseTLS, during: .data) }
        guard let transaction else { return refuse(ServerReply.needMail, during: .data) }
        guard transaction.accepted > 0 else {
            return refuse(transaction.tried == 0 ? ServerReply.needRecipient : ServerReply.noValidRecipients, during: .data)
        }
        return ask(.data(declaredSize: transaction.declaredSize))
    }

    // MARK: Answers

    mutating func conclude(_ question: ServerQuestion, _ reply: Reply?) -> ServerAction {
        switch question {
        case .connect:
            if let reply { return end(reply) }
            return .reply(ServerReply.greeting(hostname))
        case .hello(let isExtended):
            if let reply {
                facts.helo = nil
                facts.isESMTP = false
                return rejected(reply)
            }
            session.hasGreeted = true
            guard isExtended else { return .reply(ServerReply.helo(hostname)) }
            let offersTLS = offersTLS && facts.tls == nil
            return .reply(ServerReply.ehlo(hostname, messageSize: limits.messageSize, offersTLS: offersTLS))
        case .mail(let envelope):
            if let reply, !reply.isPositive { return rejected(reply) }
            transaction = Transaction(declaredSize: envelope.declaredSize)
            return .reply(reply ?? ServerReply.senderOK)
        case .recipient:
            let reply = reply ?? ServerReply.localError
            guard reply.isPositive else { return rejected(reply) }
            transaction?.accepted += 1
            return .reply(reply)
        case .data:
            if let reply { return .refuse(reply, during: .data) }
            reader = DataReader(declaredSize: transaction?.declaredSize, limits: limits)
            state = .data
            return .reply(ServerReply.startMailInput)
        case .message:
            transaction = nil
            finished = nil
            let reply = reply ?? ServerReply.localError
            guard reply.isPositive else { return rejected(reply) }
            session.errors = 0
            session.idleCommands = 0
            return .reply(reply)
        }
    }

    /// A refusal of the inspector. Only permanent ones count: a greylisted client with many recipients has done nothing wrong.
    private mutating func rejected(_ reply: Reply) -> ServerAction {
        if reply.isPermanent { session.errors += 1 }
        return .reply(reply)
    }
}
