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
        /// Looks through the message for 8-bit bytes: asked when the server lacks 8BITMIME.
        var hasEightBit: @Sendable () -> Bool
        /// Whom the server must please first; nil: nobody.
        var judge: Judge?
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
        /// A filter will not have this server: deferred or bounced, as far as it has the say.
        case refused(DeliveryOutcome)
        /// It announced CHUNKING and does not know BDAT: come again without.
        case chunkingRefused
    }

    /// Messages over one connection: a server's own limit is often 100.
    static let mostMessages = 100
    /// A transaction may take so many times the time for one reply, and a second for so many bytes: whoever is always just in time ends too.
    static let mostReplyTimes = 20
    static let slowestBytes = 4096
    /// For the answer to QUIT, which nobody needs.
    static let quitTimeout = TimeAmount.seconds(5)

    let key: ConnectionPool.Key
    let address: ServerAddress
    /// `mail.example.com[192.0.2.1]:25`.
    let peer: String
    let loop: any EventLoop
    private let pool: ConnectionPool
    let contexts: TLSContexts
    private let policy: @Sendable () -> QueuePolicy
    /// As asked for with the work under way.
    private(set) var times: QueuePolicy

    var machine: ClientMachine
    private var parser = ReplyParser()
    private(set) var context: ChannelHandlerContext?
    private(set) var work: Work?
    /// The message on its way, after DATA or in chunks.
    var writer: MessageWriter?
    var chunks: ChunkWriter?
    /// Bytes of the chunk under way that are not written yet; nil: none is.
    var chunkLeft: Int?
    private var messages = 0
    private var isClosed = false
    /// The last error, if one came before the end: it says more than the end.
    private var fault: String?
    private var deadline = NIODeadline.distantFuture
    /// Of the work under way.
    private var lastDeadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    private var timerDue = NIODeadline.distantFuture

    /// Of the work under way or just done: when its MAIL went out.
    private(set) var sendBegan: NIODeadline?
    var tls: TLSFacts?
    /// The server's certificates as far as they are known, its own first.
    var presented: [NIOSSLCertificate] = []
    /// Policies by which filters let it have mail, by what they were asked for: no more than it has had messages.
    var passes: [RouteQuestion: UInt64] = [:]
    /// Filters are being asked: the last of so many times.
    var isJudging = false
    var judgements: UInt64 = 0
    var offersDSN: Bool { machine.capabilities.hasDSN }
    /// It did not get as far as a session, did not answer in time, or said 421: another server had better be tried first for a while.
    private(set) var isUnwell = false

    /// `avoidsTLS`: where it is opportunistic, after a handshake that failed.
    init(
        key: ConnectionPool.Key, address: ServerAddress, loop: any EventLoop, hostname: String, avoidsTLS: Bool, usesChunking: Bool,
        pool: ConnectionPool, contexts: TLSContexts, policy: @escaping @Sendable () -> QueuePolicy, work: Work
    ) {
        self.key = key
        self.address = address
        peer = address.peer(of: key.host)
        self.loop = loop
        self.pool = pool
        self.contexts = contexts
        self.policy = policy
        times = policy()
        self.work = work
        machine = ClientMachine(
            hostname: hostname, tls: key.tls, isLMTP: key.isLMTP, usesChunking: usesChunking, avoidsTLS: avoidsTLS)
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
        setDeadline(loop.now + Self.quitTimeout)
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
        if case .handshakeCompleted? = event as? TLSUserEvent, machine.isInHandshake { handshakeCompleted(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        sendPieces()
        sendChunkPieces([])
    }

    // MARK: Machine

    private func received(_ reply: Reply, hasMore: Bool) {
        if reply.code == 421, !machine.isQuitting { isUnwell = true }
        let isStale = reply.code == 421 && messages > 0 && (isJudging || machine.isUnanswered)
        let action = machine.received(reply, hasMore: hasMore)
        if isStale { return end(.stale, closes: true) }
        switch action {
        case .startTLS where hasMore || parser.isInsideReply:
            // An attack, so no second try in clear either (RFC 3207 section 6).
            apply(machine.lost("bytes in clear behind the reply to STARTTLS: an attack"))
        case .finished where machine.hasRefusedChunking: end(.chunkingRefused, closes: true)
        case .finished(let outcomes, _) where hasMore || machine.hasDemandedTLS:
            // More replies than commands: the next transaction would take them for its own. Or it would be refused as this one was.
            end(.finished(outcomes), closes: true)
        default: apply(action)
        }
    }

    func apply(_ action: ClientMachine.Action) {
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
        case .sendChunk(let commands, let count): sendChunk(commands, count)
        case .finished(let outcomes, let closes): end(.finished(outcomes), closes: closes)
        case .failed(let failure):
            if !machine.isEstablished { isUnwell = true }
            let count = work?.transaction.recipients.count ?? 0
            end(.finished(Array(repeating: .deferred(failure), count: count)), closes: true)
        case .close: close()
        }
    }

    private func begin() {
        if let judge = work?.judge { ask(judge) } else { beginTransaction() }
    }

    func beginTransaction() {
        guard let work else { return }
        sendBegan = .now()
        lastDeadline =
            loop.now + TimeAmount(times.replyTimeout * Self.mostReplyTimes)
            + .seconds(Int64(work.transaction.size / Self.slowestBytes + work.transaction.recipients.count))
        var transaction = work.transaction
        transaction.needs8BitMIME = !times.sendsEightBit && !machine.capabilities.has8BitMIME && work.hasEightBit()
        apply(machine.begin(transaction))
    }

    /// The connection is of no use any more.
    func lose(_ why: String) {
        guard !isClosed else { return }
        if machine.isInHandshake { return end(.tlsFailed(why), closes: true) }
        if messages > 0, isJudging || machine.isUnanswered { return end(.stale, closes: true) }
        apply(machine.lost(why))
    }

    /// The work is over; the connection goes back to the pool, or away.
    private func end(_ end: End, closes: Bool) {
        let finished = work
        work = nil
        isJudging = false
        writer = nil
        chunks = nil
        chunkLeft = nil
        lastDeadline = .distantFuture
        messages += 1
        if closes { close() } else { rest() }
        finished?.done(end, self)
    }

    /// The work is over before it began. Nobody else waits for this connection: it leaves politely.
    func refuse(_ outcome: DeliveryOutcome) {
        let finished = work
        work = nil
        messages += 1
        quit()
        finished?.done(.refused(outcome), self)
    }

    private func rest() {
        let idleTimeout = times.idleTimeout
        if idleTimeout > .zero, messages < Self.mostMessages {
            setDeadline(loop.now + TimeAmount(idleTimeout))
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

    func extendDeadline() {
        setDeadline(loop.now + TimeAmount(machine.isPastEndOfData ? times.endOfDataTimeout : times.replyTimeout))
    }

    /// The message is out, and nothing but the server's word is awaited: however long it took to get here.
    func messageWritten() {
        machine.messageSent()
        guard machine.isPastEndOfData else { return }
        lastDeadline = max(lastDeadline, loop.now + TimeAmount(times.endOfDataTimeout))
        extendDeadline()
    }

    /// One timer that is seldom moved: it looks at the deadline when it fires, and sleeps on if that has moved.
    func setDeadline(_ due: NIODeadline) {
        let due = min(due, lastDeadline)
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
        if deadline > loop.now { return setDeadline(deadline) }
        if machine.isIdle {
            // Somebody may have just taken it: then its work is on the way here.
            if pool.remove(self) { quit() }
        } else if machine.isQuitting {
            close()
        } else {
            isUnwell = true
            lose("no answer in time")
        }
    }
}
