import Mail
import NIOCore
import NIOSSL
import SMTP

/// What the machine wants done: replies out, questions to the inspector, TLS.
extension SessionHandler {
    func perform(_ action: ServerAction) {
        switch action {
        case .wait: break
        case .reply(let reply): write(reply)
        case .replies(let replies): for reply in replies { write(reply) }
        case .refuse(let reply, let phase):
            refused(reply, at: phase)
            write(reply)
        case .forget(let replies, let isRefusal):
            if isRefusal, let reply = replies.first { refused(reply, at: .data) }
            forgetTransaction()
            for reply in replies { write(reply) }
        case .ask(let question): ask(question)
        case .startTLS(let reply):
            forgetTransaction()
            write(reply)
            flush()
            startTLS()
        case .restart: restart()
        case .end(let reply):
            if reply.code == 421 { refused(reply, at: inspector == nil ? .connect : nil) }
            finish(reply)
        }
    }

    /// The last reply, and the connection's end.
    func finish(_ reply: Reply) {
        // Before its greeting a client has nothing to send, and a flood of refused ones must cost little.
        let wasGreeted = if case .done = opening { true } else { false }
        let isStopping = services.isStopping.load(ordering: .relaxed)
        opening = .done
        delay?.cancel()
        delay = nil
        closeReason = reply.code == 221 ? "quit" : reply.description
        input = ByteBuffer()
        machine.finish()
        write(reply)
        forceClose()
        flushAndClose(lingers: wasGreeted && reply.code != 221 && machine.facts.tls == nil && !isStopping)
    }

    private func forgetTransaction() {
        inspector?.reset()
        transactionEnd = nil
        releaseBytes()
    }

    // MARK: Questions

    private func ask(_ question: ServerQuestion) {
        guard let inspector else { return }
        switch question {
        case .connect: inspector.connect { self.answered($0) }
        case .hello:
            forgetTransaction()
            inspector.helo(machine.facts) { self.answered($0) }
        case .authenticate(let credentials):
            inspector.authenticate(machine.facts, credentials) { self.authenticated($0) }
        case .mail(let envelope): mail(envelope, inspector)
        case .recipient(let recipient):
            guard isWithin(\.recipientsPerMinute, services.recipientRates) else {
                return turnDown(ServerReply.tooManyRecipientsPerMinute, at: .rcpt, reason: "limit recipients_per_minute")
            }
            inspector.recipient(recipient) { self.answered($0) }
        case .data(let declaredSize): answered(hasRoom(for: declaredSize) ? nil : ServerReply.insufficientStorage)
        case .message:
            transactionEnd = nil
            // A client that did not wait for 354 need not wait for its replies until the message is judged.
            flush()
            inspector.message(machine.takeMessage()) { replies in
                self.releaseBytes()
                self.proceed { $0.answered(replies) }
            }
        }
    }

    private func mail(_ envelope: Envelope, _ inspector: any SessionInspector) {
        guard hasRoom(for: envelope.declaredSize) else {
            return turnDown(ServerReply.insufficientStorage, at: .mail, reason: "limit bytes_in_flight")
        }
        guard isWithin(\.messagesPerMinute, services.messageRates) else {
            return turnDown(ServerReply.tooManyMessagesPerMinute, at: .mail, reason: "limit messages_per_minute")
        }
        inspector.mail(machine.facts, envelope) { reply in
            if reply?.isPositive != false { self.startTransaction() }
            self.answered(reply)
        }
    }

    private func startTransaction() { transactionEnd = channel.eventLoop.now + TimeAmount(machine.limits.transactionTimeout) }

    private func isWithin(_ limit: KeyPath<Limits, Int>, _ rates: ClientRates) -> Bool {
        if listener.isLocal { return true }
        return rates.admit(SessionRegistry.key(machine.facts.client), limit: machine.limits[keyPath: limit], now: channel.eventLoop.now)
    }

    private func turnDown(_ reply: Reply, at phase: Phase, reason: String) {
        refused(reply, at: phase, reason: reason)
        answered(reply)
    }

    private func answered(_ reply: Reply?) { proceed { $0.answered(reply) } }

    private func authenticated(_ outcome: AuthenticationOutcome) { proceed { $0.authenticated(outcome) } }

    private func proceed(_ answer: (inout ServerMachine) -> ServerAction) {
        channel.eventLoop.assertInEventLoop()
        guard !isClosed, let inspector else { return }
        machine.limits = inspector.limits
        machine.hostname = inspector.hostname
        lastActivity = channel.eventLoop.now
        let isGreeting = if case .awaitingGreeting = opening { true } else { false }
        next = answer(&machine)
        if isGreeting { opening = .done }
        drive()
    }

    /// XCLIENT: another client's session from here on.
    private func restart() {
        inspector?.close()
        inspector = nil
        transactionEnd = nil
        log(
            "connect",
            [
                ("client", .text(machine.facts.client.description)), ("port", .integer(machine.facts.clientPort)),
                ("listener", .text(listener.name)), ("via", .text(machine.facts.via?.description ?? "")),
            ])
        makeInspector()
        next = machine.start()
    }

    private func startTLS() {
        guard let context, let tls = listener.tls else { preconditionFailure("STARTTLS was not offered") }
        do {
            // TLS has its own end (close_notify); with half closure the handler waits for it in vain.
            try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            // Everything from here on, also what the socket holds already, goes through it.
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context), position: .first)
        } catch {
            closeReason = String(describing: error)
            context.close(promise: nil)
        }
    }

    // MARK: Budget

    private func hasRoom(for declared: Int?) -> Bool {
        services.budget.hasRoom(for: max(declared ?? 0, 1), limit: machine.limits.bytesInFlight)
    }

    /// Before a piece of a message after DATA is kept.
    func reserveBytes() {
        // What is allocated and not filled yet is counted already.
        let count = input.readableBytes - machine.spareBytes
        guard count > 0 else { return }
        if machine.isKeepingData, services.budget.reserve(count, limit: machine.limits.bytesInFlight) {
            reserved += count
        } else {
            machine.outOfMemory()
            releaseBytes()
        }
    }

    /// What the machine keeps is what counts: chunks are counted when they are there, and what is dropped is free again. A message stays counted
    /// while the inspector has it.
    func settleBytes() {
        let kept = machine.keptBytes
        guard kept != reserved, kept > 0 || !machine.isAsking else { return }
        if kept < reserved {
            services.budget.release(reserved - kept)
        } else if !services.budget.reserve(kept - reserved, limit: machine.limits.bytesInFlight) {
            // The last chunk is here, and the rest of its message has been counted.
            guard machine.isKeepingData else {
                services.budget.take(kept - reserved)
                reserved = kept
                return
            }
            machine.outOfMemory()
            return releaseBytes()
        }
        reserved = kept
    }

    func releaseBytes() {
        guard reserved > 0 else { return }
        services.budget.release(reserved)
        reserved = 0
        services.metrics.bytesInFlight(services.budget.inUse)
    }

    // MARK: Log

    func log(_ name: StaticString, _ fields: [(StaticString, LogValue)]) {
        services.log.write(MailEvent(name, queueID: inspector?.queueID, session: machine.facts.id, fields))
    }

    /// `reason`: what the peer is not told.
    func refused(_ reply: Reply?, at phase: Phase?, reason: String? = nil) {
        if let phase { services.metrics.refused(at: phase) }
        var fields: [(StaticString, LogValue)] = [("client", .text(machine.facts.client.description))]
        if let reply { fields.append(("reply", .text(reply.description))) }
        if let reason { fields.append(("reason", .text(reason))) }
        if let phase { fields.append(("at", .text(phase.description))) }
        log("refused", fields)
    }

    /// The connection is gone.
    func leave() {
        guard services.registry.leave(id: machine.facts.id, client: countedClient) else { return }
        services.metrics.sessionEnded(open: services.registry.count)
        let duration = services.clock.now - machine.facts.connectedAt
        log("disconnect", [("reason", .text(closeReason)), ("duration", .duration(duration))])
    }
}
