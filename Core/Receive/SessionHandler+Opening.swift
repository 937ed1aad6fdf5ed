import Mail
import NIOCore
import NIOSSL
import SMTP

/// From the connection to its greeting: who is it (PROXY), may it come in, is it a mail server that can wait.
extension SessionHandler {
    /// A peer that is trusted to tell whom it speaks for says so at once.
    private static let proxyTime = TimeAmount.seconds(10)

    func open() {
        if services.isStopping.load(ordering: .relaxed) { return perform(.end(ServerReply.shuttingDown)) }
        guard listener.expectsProxyHeader(from: machine.facts.client) else { return admit() }
        opening = .awaitingProxy
        delay = channel.eventLoop.scheduleTask(in: Self.proxyTime) {
            self.closeReason = "no PROXY header"
            self.channel.close(promise: nil)
        }
    }

    /// The PROXY header is there: the session is that client's from the beginning.
    func take(_ header: ProxyHeader) {
        guard case .awaitingProxy = opening else { return }
        delay?.cancel()
        delay = nil
        opening = .awaitingGreeting
        if let client = header.client {
            var facts = machine.facts
            facts.via = facts.client
            facts.client = client
            facts.clientPort = header.clientPort
            remake(facts)
        }
        admit()
    }

    private func admit() {
        let facts = machine.facts
        countedClient = listener.isLocal ? nil : facts.client
        let limits = machine.limits
        switch services.registry.admit(self, id: facts.id, client: countedClient, limits: limits) {
        case .admitted: break
        case .tooMany: return turnAway(ServerReply.tooManySessions, "limit sessions")
        case .tooManyOfClient: return turnAway(ServerReply.tooManySessions, "limit sessions_per_client")
        case .tooManyOfNetwork: return turnAway(ServerReply.tooManySessions, "limit sessions_per_network")
        }
        if let client = countedClient,
            !services.sessionRates.admit(SessionRegistry.key(client), limit: limits.sessionsPerMinute, now: channel.eventLoop.now)
        {
            return turnAway(ServerReply.tooManySessionsPerMinute, "limit sessions_per_minute")
        }
        // A stop that looked for sessions just before this one was entered.
        if services.isStopping.load(ordering: .relaxed) { return perform(.end(ServerReply.shuttingDown)) }
        services.metrics.sessionBegan(listener.role, open: services.registry.count)
        var fields: [(StaticString, LogValue)] = [
            ("client", .text(facts.client.description)), ("port", .integer(facts.clientPort)), ("listener", .text(listener.name)),
        ]
        if let via = facts.via { fields.append(("via", .text(via.description))) }
        log("connect", fields)
        startTimer()
        if listener.isImplicitTLS, facts.tls == nil {
            opening = .awaitingTLS
        } else {
            greet()
        }
    }

    /// Before a word of TLS there is nobody to whom a reply would mean anything.
    private func turnAway(_ reply: Reply, _ reason: String) {
        refused(reply, at: .connect, reason: reason)
        guard listener.isImplicitTLS else { return finish(reply) }
        closeReason = reason
        channel.close(promise: nil)
    }

    func handshakeCompleted() {
        guard let context else { return }
        let version = try? context.pipeline.syncOperations.nioSSL_tlsVersion()
        let tls = TLSFacts(version: Self.name(of: version), cipher: "")
        if case .awaitingTLS = opening {
            var facts = machine.facts
            facts.tls = tls
            remake(facts)
            opening = .awaitingGreeting
            greet()
        } else {
            next = machine.tlsStarted(tls)
            drive()
        }
    }

    private func remake(_ facts: SessionFacts) {
        machine = ServerMachine(
            facts: facts, hostname: machine.hostname, limits: machine.limits, options: listener.options(for: facts.via ?? facts.client),
            spool: services.spool)
    }

    /// Asks the edge's filters at once and greets after `limits.greetDelay`, so that their time and the wait are one.
    private func greet() {
        let wait = TimeAmount(machine.limits.greetDelay)
        guard wait > .zero else { return begin() }
        delay = channel.eventLoop.scheduleTask(in: wait) { self.begin() }
    }

    private func begin() {
        delay = nil
        makeInspector()
        next = machine.start()
        // What the client says from now on waits for the answer, if it says it after this turn: the greeting is out, or it is not.
        drive()
    }

    func makeInspector() {
        inspector = services.inspectors.makeInspector(machine.facts, on: NIOSerialLoop(channel.eventLoop, clock: services.clock))
    }

    /// RFC 5321 section 4.3.1: a client waits for the greeting. Those that do not send spam.
    func refuseEarlyBytes() {
        refused(ServerReply.spokeFirst, at: .connect, reason: "spoke before the greeting")
        finish(ServerReply.spokeFirst)
    }

    static func name(of version: TLSVersion?) -> String {
        switch version {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        default: ""
        }
    }
}
