import Mail

/// What each command does, and what follows from the inspector's answers (RFC 5321 sections 3.3 and 4.1.4).
extension ServerMachine {
    /// `hasMore`: bytes came in behind the command.
    mutating func execute(_ command: Command, hasMore: Bool) -> ServerAction {
        switch command {
        case .hello(let name, let greeting): return hello(name, greeting)
        case .authenticate(let mechanism, let initial): return authenticate(mechanism, initial)
        case .client(let attributes): return become(attributes)
        case .mail(let envelope): return mail(envelope)
        case .recipient(let recipient): return self.recipient(recipient)
        case .data: return data()
        case .chunk(let size, let isLast): return chunk(size: size, isLast: isLast)
        case .reset:
            if let end = countIdleCommand() { return end }
            guard transaction != nil else { return .reply(ServerReply.ok) }
            dropTransaction()
            return .forget([ServerReply.ok], isRefusal: false)
        case .noop: return countIdleCommand() ?? .reply(ServerReply.ok)
        case .help: return countIdleCommand() ?? .reply(ServerReply.help)
        case .verify:
            if let end = countIdleCommand() { return end }
            return isTLSMissing ? refuse(ServerReply.mustUseTLS) : .reply(ServerReply.cannotVerify)
        case .quit: return end(ServerReply.closing)
        case .startTLS: return startTLS(hasMore: hasMore)
        }
    }

    var isTLSMissing: Bool { options.requiresTLS && facts.tls == nil }

    mutating func countIdleCommand() -> ServerAction? {
        session.idleCommands += 1
        return session.idleCommands > limits.idleCommands ? end(ServerReply.tooManyIdleCommands) : nil
    }

    /// "Not now" is no error of the client's, but one that asks again and again without a pause does nothing else.
    private mutating func countIdle(_ reply: Reply) -> ServerAction? { reply.isTransient ? countIdleCommand() : nil }

    private mutating func hello(_ name: String, _ greeting: Command.Greeting) -> ServerAction {
        // RFC 2033 section 4.1: each protocol has its own, so that nobody speaks the wrong one unknowing.
        guard (greeting == .lhlo) == options.isLMTP else { return refuse(ServerReply.wrongHello(isLMTP: options.isLMTP), during: .helo) }
        if let end = countIdleCommand() { return end }
        dropTransaction()
        session.hasGreeted = false
        facts.helo = name
        facts.isESMTP = greeting != .helo
        facts.isLMTP = greeting == .lhlo
        return ask(.hello(greeting))
    }

    private mutating func mail(_ envelope: Envelope) -> ServerAction {
        if isTLSMissing { return refuse(ServerReply.mustUseTLS, during: .mail) }
        guard session.hasGreeted else { return refuse(ServerReply.needHello(isLMTP: options.isLMTP), during: .mail) }
        if isAuthenticationMissing { return refuse(ServerReply.authenticationRequired, during: .mail) }
        guard transaction == nil else { return refuse(ServerReply.nestedMail, during: .mail) }
        if session.transactions >= limits.transactions { return end(ServerReply.tooManyTransactions) }
        if let size = envelope.declaredSize, size > limits.messageSize {
            return refuse(ServerReply.messageTooLarge, during: .mail)
        }
        return ask(.mail(envelope))
    }

    private mutating func recipient(_ recipient: Recipient) -> ServerAction {
        if isTLSMissing { return refuse(ServerReply.mustUseTLS, during: .rcpt) }
        guard let open = transaction, !open.hasChunks else { return refuse(ServerReply.needMail, during: .rcpt) }
        transaction!.tried += 1
        // Not an error: the client sends the others in the next transaction (RFC 5321 section 4.5.3.1.10). One that never stops is ended.
        if transaction!.tried > 2 * limits.recipients + 100 { return end(ServerReply.tooManyErrors) }
        guard transaction!.accepted < limits.recipients else { return .reply(ServerReply.tooManyRecipients) }
        // Without SMTPUTF8 nobody further on would take such an address (RFC 6531 section 3.5).
        guard open.isSMTPUTF8 || recipient.isASCII else { return refuse(.internationalAddress) }
        return ask(.recipient(recipient))
    }

    private mutating func data() -> ServerAction {
        if isTLSMissing { return refuse(ServerReply.mustUseTLS, during: .data) }
        guard let transaction else { return refuse(ServerReply.needMail, during: .data) }
        guard !transaction.hasChunks else { return refuse(ServerReply.dataAmongChunks, during: .data) }
        guard transaction.accepted > 0 else {
            return refuse(transaction.tried == 0 ? ServerReply.needRecipient : noValidRecipients, during: .data)
        }
        return ask(.data(declaredSize: transaction.declaredSize))
    }

    /// RFC 2033 section 4.2 has a code of its own.
    var noValidRecipients: Reply { options.isLMTP ? ServerReply.needRecipient : ServerReply.noValidRecipients }

    // MARK: Answers

    mutating func conclude(_ question: ServerQuestion, _ reply: Reply?) -> ServerAction {
        switch question {
        case .connect:
            if let reply { return end(reply) }
            return .reply(ServerReply.greeting(hostname, isLMTP: options.isLMTP))
        case .hello(let greeting):
            if let reply {
                facts.helo = nil
                facts.isESMTP = false
                return rejected(reply)
            }
            session.hasGreeted = true
            return .reply(greeting == .helo ? ServerReply.helo(hostname) : ServerReply.ehlo(hostname, extensions))
        case .authenticate: preconditionFailure("answered by `authenticated`")
        case .mail(let envelope):
            if let reply, !reply.isPositive { return countIdle(reply) ?? rejected(reply) }
            session.transactions += 1
            transaction = Transaction(declaredSize: envelope.declaredSize, isSMTPUTF8: envelope.isSMTPUTF8)
            return .reply(reply ?? ServerReply.senderOK)
        case .recipient:
            let reply = reply ?? ServerReply.localError
            guard reply.isPositive else { return rejected(reply) }
            transaction?.accepted += 1
            return .reply(reply)
        case .data:
            let chunk = pendingChunk.take()
            if let reply {
                if let end = countIdle(reply) { return end }
                guard let chunk else { return .refuse(reply, during: .data) }
                transaction?.hasChunks = true
                return discard(chunk.size, reply)
            }
            if let chunk { return beginChunks(chunk.size, isLast: chunk.isLast) }
            reader = DataReader(
                .dot, declaredSize: transaction?.declaredSize, limits: limits, normalizes: options.normalizesLineEnds,
                spool: spool)
            state = .data
            return .reply(ServerReply.startMailInput)
        case .message: return conclude(reply.map { [$0] } ?? [])
        }
    }

    /// The answers to `.ask(.message)`: one, or with LMTP one for each accepted recipient.
    mutating func conclude(_ replies: [Reply]) -> ServerAction {
        let count = replyCount
        dropTransaction()
        let replies = replies.count == count ? replies : Array(repeating: replies.first ?? ServerReply.localError, count: count)
        if replies.contains(where: \.isPositive) {
            session.errors = 0
            session.idleCommands = 0
        } else if replies.allSatisfy(\.isPermanent) {
            session.errors += 1
        }
        return count == 1 ? .reply(replies[0]) : .replies(replies)
    }

    /// A refusal of the inspector. Only permanent ones count: a greylisted client with many recipients has done nothing wrong.
    mutating func rejected(_ reply: Reply) -> ServerAction {
        if reply.isPermanent { session.errors += 1 }
        return .reply(reply)
    }

    /// What EHLO announces now.
    private var extensions: [String] {
        var lines = ["PIPELINING", "SIZE \(limits.messageSize)", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES"]
        lines.append("LIMITS MAILMAX=\(limits.transactions) RCPTMAX=\(limits.recipients)")
        if options.offersTLS, facts.tls == nil { lines.append("STARTTLS") }
        if offersAuthentication { lines.append("AUTH " + AuthenticationDialogue.mechanisms) }
        if options.allowsXCLIENT { lines.append("XCLIENT " + ClientAttribute.names) }
        lines.append("HELP")
        return lines
    }
}

extension Recipient {
    fileprivate var isASCII: Bool {
        address.localPart.utf8.allSatisfy { $0 < 128 } && address.domain.utf8.allSatisfy { $0 < 128 }
            && originalRecipient?.utf8.allSatisfy { $0 < 128 } != false
    }
}
