import Mail
import NIOCore
import NIOSSL
import NIOTLS
import SMTP

/// Drives a `ServerMachine` over a connection: feeds it bytes, asks the inspector, writes the replies. Bound to its channel's event loop;
/// `shutDown` and `cut` may be called from anywhere.
///
/// Order: bytes go to the machine one action at a time. While the inspector is deciding, input waits in `input`, and past
/// `heldInput` the socket is not read. Replies gather in `output` and are flushed when the input is used up, so that a pipelined group costs one
/// write.
final class SessionHandler: ChannelDuplexHandler, @unchecked Sendable {
    // Sendable: all mutable state is touched on the channel's event loop only.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Bytes that may wait while a question is open before the socket is left alone. One read may come on top.
    private static let heldInput = 32 << 10

    let channel: any Channel
    let listener: SMTPListener
    let services: SessionServices
    var machine: ServerMachine
    var inspector: (any SessionInspector)?
    private var context: ChannelHandlerContext?
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    /// The action that an answer led to.
    private var next: ServerAction?
    private var isDriving = false
    private var isInputClosed = false
    private var wantsRead = false
    private var isClosed = false
    /// Of the budget.
    private var reserved = 0
    private var closeReason = "closed by client"
    var timer: Scheduled<Void>?
    var lastActivity: NIODeadline
    var dataStart: NIODeadline?

    init(channel: any Channel, listener: SMTPListener, services: SessionServices) {
        self.channel = channel
        self.listener = listener
        self.services = services
        lastActivity = channel.eventLoop.now
        let policy = services.policy.current
        let facts = SessionFacts(
            id: services.nextSessionID(), role: listener.role, listener: listener.name,
            client: channel.remoteAddress.flatMap(IPAddress.init(_:)) ?? IPAddress(v4: 0), clientPort: channel.remoteAddress?.port ?? 0,
            connectedAt: services.clock.now)
        machine = ServerMachine(
            facts: facts, hostname: policy.hostname, limits: policy.limits, offersTLS: listener.tls != nil,
            requiresTLS: listener.requiresTLS)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if services.isStopping.load(ordering: .relaxed) { return perform(.end(ServerReply.shuttingDown)) }
        let id = machine.facts.id
        switch services.registry.admit(self, id: id, client: machine.facts.client, limits: machine.limits) {
        case .admitted: break
        case .tooMany, .tooManyOfClient: return perform(.end(ServerReply.tooManySessions))
        }
        // A stop that looked for sessions just before this one was entered.
        if services.isStopping.load(ordering: .relaxed) { return perform(.end(ServerReply.shuttingDown)) }
        services.metrics.sessionBegan(listener.role, open: services.registry.count)
        log(
            "connect",
            [
                ("client", .text(machine.facts.client.description)), ("port", .integer(machine.facts.clientPort)),
                ("listener", .text(listener.name)),
            ])
        inspector = services.inspectors.makeInspector(machine.facts, on: NIOSerialLoop(context.eventLoop, clock: services.clock))
        startTimer()
        next = machine.start()
        drive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !machine.hasEnded else { return }
        lastActivity = context.eventLoop.now
        var bytes = unwrapInboundIn(data)
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        drive()
    }

    func read(context: ChannelHandlerContext) {
        if isHolding(context) { wantsRead = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeReading()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            let version = try? context.pipeline.syncOperations.nioSSL_tlsVersion()
            next = machine.tlsStarted(TLSFacts(version: Self.name(of: version), cipher: ""))
            drive()
        } else if case .inputClosed? = event as? ChannelEvent {
            isInputClosed = true
            drive()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !machine.hasEnded { closeReason = String(describing: error) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        timer?.cancel()
        timer = nil
        inspector?.close()
        inspector = nil
        releaseBytes()
        if services.registry.leave(id: machine.facts.id, client: machine.facts.client) {
            services.metrics.sessionEnded(open: services.registry.count)
            let duration = services.clock.now - machine.facts.connectedAt
            log("disconnect", [("reason", .text(closeReason)), ("duration", .duration(duration))])
        }
    }

    // MARK: Driving

    private func drive() {
        guard !isDriving, !isClosed else { return }
        isDriving = true
        while true {
            let action = nextAction()
            if case .wait = action { break }
            perform(action)
        }
        isDriving = false
        if input.readableBytes == 0 { input = ByteBuffer() }
        // While the inspector is deciding, the replies before it wait for its answer.
        if !machine.isAsking { flush() }
        if isInputClosed, !machine.isAsking, !machine.hasEnded { channel.close(promise: nil) }
        resumeReading()
    }

    private func nextAction() -> ServerAction {
        if let action = next {
            next = nil
            if action != .wait { return action }
        }
        if machine.isReadingData { reserveBytes() }
        var consumed = 0
        let action = input.withUnsafeReadableBytes { machine.receive($0, consumed: &consumed) }
        input.moveReaderIndex(forwardBy: consumed)
        return action
    }

    func perform(_ action: ServerAction) {
        switch action {
        case .wait: break
        case .reply(let reply): write(reply)
        case .refuse(let reply, let phase):
            refused(reply, at: phase)
            write(reply)
        case .forget(let reply, let isRefusal):
            if isRefusal { refused(reply, at: .data) }
            inspector?.reset()
            releaseBytes()
            write(reply)
        case .ask(let question): ask(question)
        case .startTLS(let reply):
            inspector?.reset()
            write(reply)
            flush()
            startTLS()
        case .end(let reply):
            if reply.code == 421 { refused(reply, at: inspector == nil ? .connect : nil) }
            closeReason = reply.code == 221 ? "quit" : reply.description
            input = ByteBuffer()
            write(reply)
            flush(closing: true)
            forceClose()
        }
    }

    private func ask(_ question: ServerQuestion) {
        guard let inspector else { return }
        switch question {
        case .connect: inspector.connect { self.answered($0) }
        case .hello:
            inspector.reset()
            inspector.helo(machine.facts) { self.answered($0) }
        case .mail(let envelope):
            guard hasRoom(for: envelope.declaredSize) else {
                refused(ServerReply.insufficientStorage, at: .mail)
                return answered(ServerReply.insufficientStorage)
            }
            inspector.mail(machine.facts, envelope) { self.answered($0) }
        case .recipient(let address): inspector.recipient(Recipient(address: address)) { self.answered($0) }
        case .data(let declaredSize):
            dataStart = channel.eventLoop.now
            answered(hasRoom(for: declaredSize) ? nil : ServerReply.insufficientStorage)
        case .message:
            dataStart = nil
            // A client that did not wait for 354 need not wait for its replies until the message is judged.
            flush()
            inspector.message(machine.takeMessage()) { replies in
                self.releaseBytes()
                self.answered(replies.first)
            }
        }
    }

    private func answered(_ reply: Reply?) {
        channel.eventLoop.assertInEventLoop()
        guard !isClosed, let inspector else { return }
        machine.limits = inspector.limits
        machine.hostname = inspector.hostname
        lastActivity = channel.eventLoop.now
        next = machine.answered(reply)
        drive()
    }

    // MARK: Writing, reading

    private func write(_ reply: Reply) {
        if output.capacity == 0 { output = channel.allocator.buffer(capacity: 256) }
        reply.encode { _ = output.writeBytes($0) }
    }

    private func flush(closing: Bool = false) {
        guard let context else { return }
        guard output.readableBytes > 0 else { return closing ? context.close(promise: nil) : () }
        let bytes = output
        output = ByteBuffer()
        guard closing else { return context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        let channel = channel
        context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { _ in channel.close(promise: nil) }
    }

    private func isHolding(_ context: ChannelHandlerContext) -> Bool {
        (machine.isAsking && input.readableBytes > Self.heldInput) || !context.channel.isWritable
    }

    private func resumeReading() {
        guard wantsRead, let context, !isHolding(context) else { return }
        wantsRead = false
        context.read()
    }

    // MARK: Budget

    private func hasRoom(for declared: Int?) -> Bool {
        services.budget.hasRoom(for: max(declared ?? 0, 1), limit: machine.limits.bytesInFlight)
    }

    /// Before a piece of a message is kept.
    private func reserveBytes() {
        let count = input.readableBytes
        guard count > 0 else { return }
        if machine.isKeepingData, services.budget.reserve(count, limit: machine.limits.bytesInFlight) {
            reserved += count
        } else {
            machine.outOfMemory()
            releaseBytes()
        }
    }

    private func releaseBytes() {
        guard reserved > 0 else { return }
        services.budget.release(reserved)
        reserved = 0
        services.metrics.bytesInFlight(services.budget.inUse)
    }

    // MARK: TLS

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

    private static func name(of version: TLSVersion?) -> String {
        switch version {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        default: ""
        }
    }

    // MARK: From outside

    /// Any thread.
    func shutDown() {
        channel.eventLoop.execute {
            guard !self.isClosed, !self.machine.hasEnded else { return }
            let action = self.machine.shutDown()
            self.perform(action)
        }
    }

    /// Any thread.
    func cut() -> EventLoopFuture<Void> {
        channel.eventLoop.submit { self.closeReason = "stopped" }.flatMap { self.channel.close() }
    }

    // MARK: Log

    func log(_ name: StaticString, _ fields: [(StaticString, LogValue)]) {
        services.log.write(MailEvent(name, queueID: inspector?.queueID, session: machine.facts.id, fields))
    }

    private func refused(_ reply: Reply, at phase: Phase?) {
        if let phase { services.metrics.refused(at: phase) }
        var fields: [(StaticString, LogValue)] = [("client", .text(machine.facts.client.description)), ("reply", .text(reply.description))]
        if let phase { fields.append(("at", .text(phase.description))) }
        log("refused", fields)
    }
}
