import Mail
import NIOCore
import NIOSSL
import NIOTLS
import SMTP

/// Carries out what the client machine decides on one connection: bytes, TLS, timeouts.
final class NextHopConnection: ChannelInboundHandler, @unchecked Sendable {
    // Sendable: everything mutable is bound to `loop`. Who may start work on it: its maker at first, then whoever took it from the pool.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// One message for it.
    struct Work: Sendable {
        var transaction: ClientTransaction
        var addedHeaders: String
        var region: Region
        /// On the connection's loop, once.
        var done: @Sendable (End, NextHopConnection) -> Void
    }

    enum End: Sendable {
        /// One outcome per recipient of the transaction.
        case finished([DeliveryOutcome])
        /// It was idle and turned out dead before any word about this message.
        case stale
        /// No TLS came to be. One line for the log.
        case tlsFailed(String)
    }

    /// Messages over one connection: a server's own limit is often 100.
    static let mostMessages = 100
    /// For the answer to QUIT, which nobody needs.
    static let quitTimeout = TimeAmount.seconds(5)

    let key: ConnectionPool.Key
    /// `mail.example.com[192.0.2.1]:25`.
    let peer: String
    let loop: any EventLoop
    private let pool: ConnectionPool
    private let contexts: TLSContexts
    private let policy: @Sendable () -> QueuePolicy
    /// As asked for with the work under way.
    private var times: QueuePolicy

    private var machine: ClientMachine
    private var parser = ReplyParser()
    private var context: ChannelHandlerContext?
    private var work: Work?
    private var writer: MessageWriter?
    private var messages = 0
    private var isClosed = false
    /// The last error, if one came before the end: it says more than the end.
    private var fault: String?
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    private var timerDue = NIODeadline.distantFuture

    /// Of the work under way or just done: when its MAIL went out.
    private(set) var sendBegan: NIODeadline?
    private(set) var tls: TLSFacts?

    /// `tls` may be `.never` although `key` says opportunistic: after a handshake that failed.
    init(
        key: ConnectionPool.Key, peer: String, loop: any EventLoop, hostname: String, tls: NextHop.TLSMode, pool: ConnectionPool,
        contexts: TLSContexts, policy: @escaping @Sendable () -> QueuePolicy, work: Work
    ) {
        self.key = key
        self.peer = peer
        self.loop = loop
        self.pool = pool
        self.contexts = contexts
        self.policy = policy
        times = policy()
        self.work = work
        machine = ClientMachine(hostname: hostname, tls: tls)
    }

    // MARK: For the owner, on the loop

    /// Work for a connection that was idle.
    func start(_ work: Work) {
        if isClosed { return work.done(.stale, self) }
        self.work = work
        times = policy()
        begin()
    }

    func quit() {
        guard !isClosed else { return }
        apply(machine.quit())
        setDeadline(.now() + Self.quitTimeout)
    }

    /// For a connect that failed: true when the work was not ended otherwise (by `abort`). Nobody will tell its end then.
    func neverConnected() -> Bool {
        guard !isClosed else { return false }
        work = nil
        close()
        return true
    }

    /// Ends it now, whatever it is doing.
    func abort(_ why: String) { lose(why) }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        // Given up while the connect was under way.
        if isClosed { return context.close(promise: nil) }
        extendDeadline()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while !isClosed {
            var consumed = 0
            let result = buffer.withUnsafeReadableBytes { parser.parse($0, consumed: &consumed) }
            buffer.moveReaderIndex(forwardBy: consumed)
            switch result {
            case .incomplete: return
            case .malformed(let why): return lose(why)
            case .reply(let reply): received(reply, hasMore: buffer.readableBytes > 0)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { lose(fault ?? "the next hop closed the connection") }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fault = FailureText.of(error)
        lose(fault!)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent, machine.isInHandshake else { return }
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        if key.tls == .verify, IPAddress(key.host) == nil {
            guard let certificate = handler?.peerCertificate, CertificateName.matches(key.host, certificate) else {
                return lose("the certificate does not name \(key.host)")
            }
        }
        tls = TLSFacts(version: Self.word(handler?.tlsVersion), cipher: "")
        apply(machine.tlsEstablished())
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { sendPieces() }
    }

    // MARK: Machine

    private func received(_ reply: Reply, hasMore: Bool) {
        let isStale = reply.code == 421 && messages > 0 && machine.isUnanswered
        let action = machine.received(reply)
        if isStale { return end(.stale, closes: true) }
        switch action {
        case .startTLS where hasMore || parser.isInsideReply:
            // An attack, so no second try in clear either (RFC 3207 section 6).
            apply(machine.lost("bytes in clear behind the reply to STARTTLS: an attack"))
        case .finished(let outcomes, _) where hasMore:
            // More replies than commands: the next transaction would take them for its own.
            end(.finished(outcomes), closes: true)
        default: apply(action)
        }
    }

    private func apply(_ action: ClientMachine.Action) {
        switch action {
        case .wait: extendDeadline()
        case .send(let bytes):
            guard let context else { return }
            var buffer = context.channel.allocator.buffer(capacity: bytes.count)
            buffer.writeBytes(bytes)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            extendDeadline()
        case .startTLS: startTLS()
        case .ready: begin()
        case .sendMessage:
            guard let work else { return }
            writer = MessageWriter(addedHeaders: work.addedHeaders, region: work.region)
            sendPieces()
        case .finished(let outcomes, let closes): end(.finished(outcomes), closes: closes)
        case .failed(let failure):
            let count = work?.transaction.recipients.count ?? 0
            end(.finished(Array(repeating: .deferred(failure), count: count)), closes: true)
        case .close: close()
        }
    }

    private func begin() {
        guard let work else { return }
        sendBegan = .now()
        apply(machine.begin(work.transaction))
    }

    private func startTLS() {
        guard let context else { return }
        do {
            // An address literal has no SNI; its certificate is then checked against the address.
            let name = IPAddress(key.host) == nil ? key.host : nil
            let handler = try NIOSSLClientHandler(context: contexts.context(for: key.tls), serverHostname: name)
            setDeadline(.now() + TimeAmount(times.connectTimeout))
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch { lose(FailureText.of(error)) }
    }

    private static func word(_ version: TLSVersion?) -> String {
        switch version {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        default: "TLS"
        }
    }

    /// As much as the socket takes; goes on when it is writable again.
    private func sendPieces() {
        while let context, writer != nil, context.channel.isWritable {
            guard let (piece, isLast) = writer?.next(context.channel.allocator) else { return }
            if isLast {
                writer = nil
                machine.messageSent()
            }
            extendDeadline()
            context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
        }
    }

    /// The connection is of no use any more.
    private func lose(_ why: String) {
        guard !isClosed else { return }
        if machine.isInHandshake { return end(.tlsFailed(why), closes: true) }
        if messages > 0, machine.isUnanswered { return end(.stale, closes: true) }
        apply(machine.lost(why))
    }

    /// The work is over; the connection goes back to the pool, or away.
    private func end(_ end: End, closes: Bool) {
        let finished = work
        work = nil
        writer = nil
        messages += 1
        if closes { close() } else { rest() }
        finished?.done(end, self)
    }

    private func rest() {
        let idleTimeout = times.idleTimeout
        if idleTimeout > .zero, messages < Self.mostMessages {
            setDeadline(.now() + TimeAmount(idleTimeout))
            if pool.put(self) { return }
        }
        quit()
    }

    private func close() {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        timer = nil
        pool.closed(self)
        context?.close(promise: nil)
    }

    // MARK: Time

    private func extendDeadline() { setDeadline(.now() + TimeAmount(times.replyTimeout)) }

    /// One timer that is seldom moved: it looks at the deadline when it fires, and sleeps on if that has moved.
    private func setDeadline(_ due: NIODeadline) {
        deadline = due
        guard due < timerDue, !isClosed else { return }
        timer?.cancel()
        timerDue = due
        timer = loop.scheduleTask(deadline: due) { self.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDue = .distantFuture
        guard !isClosed else { return }
        if deadline > .now() { return setDeadline(deadline) }
        if machine.isIdle {
            // Somebody may have just taken it: then its work is on the way here.
            if pool.remove(self) { quit() }
        } else if machine.isQuitting {
            close()
        } else {
            lose("no answer in time")
        }
    }
}
