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

    /// Before the first command.
    enum Opening {
        /// The PROXY header, then maybe the TLS handshake.
        case awaitingProxy
        case awaitingTLS
        /// The client waits for the greeting, or for the end of a refused connection.
        case awaitingGreeting
        case done
    }

    /// Bytes that may wait while a question is open before the socket is left alone. One read may come on top.
    private static let heldInput = 32 << 10

    let channel: any Channel
    let listener: SMTPListener
    let services: SessionServices
    var machine: ServerMachine
    var inspector: (any SessionInspector)?
    var opening = Opening.awaitingGreeting
    /// The action that an answer led to.
    var next: ServerAction?
    /// Of the budget.
    var reserved = 0
    /// Whom the registry counts this session for; XCLIENT does not change it.
    var countedClient: IPAddress?
    var closeReason = "closed by client"
    let timers: SessionTimers
    var timerPlace: Int?
    let buffers = ReceiveBuffers()
    /// The greeting's.
    var delay: Scheduled<Void>?
    var lastActivity: NIODeadline
    /// When the transaction under way must be over, the inspector's time not counted.
    var transactionEnd: NIODeadline?
    var input = ByteBuffer()
    var output = ByteBuffer()
    private(set) var context: ChannelHandlerContext?
    private var isDriving = false
    private var isInputClosed = false
    private var wantsRead = false
    private(set) var isClosed = false

    init(channel: any Channel, listener: SMTPListener, services: SessionServices) {
        self.channel = channel
        self.listener = listener
        self.services = services
        timers = services.timers(on: channel.eventLoop)
        lastActivity = channel.eventLoop.now
        let policy = services.policy.current
        // Over a Unix socket everybody is local; over TCP `SMTPServer` lets nobody in without an address. 0.0.0.0 is in no network of ours.
        let peer = channel.remoteAddress.flatMap(IPAddress.init(_:)) ?? (listener.isLocal ? .loopback : IPAddress(v4: 0))
        let facts = SessionFacts(
            id: services.nextSessionID(), role: listener.role, listener: listener.name, client: peer,
            clientPort: channel.remoteAddress?.port ?? 0, connectedAt: services.clock.now)
        machine = ServerMachine(
            facts: facts, hostname: policy.hostname, limits: policy.limits, options: listener.options(for: peer), spool: services.spool)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { open() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !machine.hasEnded else { return }
        if case .awaitingGreeting = opening { return refuseEarlyBytes() }
        // A command has its time from its first byte to its last, however they trickle; a message's bytes each begin it anew.
        if input.readableBytes == 0 && !machine.isSkipping || machine.isReadingData { lastActivity = context.eventLoop.now }
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
        if let header = event as? ProxyHeader {
            take(header)
        } else if case .handshakeCompleted? = event as? TLSUserEvent {
            handshakeCompleted()
        } else if case .inputClosed? = event as? ChannelEvent {
            isInputClosed = true
            if machine.hasEnded { channel.close(promise: nil) } else { drive() }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !machine.hasEnded { closeReason = String(describing: error) }
        if error is ProxyHandler.Malformed { refused(nil, at: .connect, reason: closeReason) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        timers.forget(self)
        delay?.cancel()
        delay = nil
        inspector?.close()
        inspector = nil
        releaseBytes()
        leave()
    }

    // MARK: Driving

    func drive() {
        guard !isDriving, !isClosed else { return }
        isDriving = true
        while true {
            let action = nextAction()
            if case .wait = action { break }
            perform(action)
        }
        isDriving = false
        buffers.isReadingData = machine.isReadingData
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
        if machine.isReadingData, !machine.isAmongChunks { reserveBytes() }
        var consumed = 0
        let action = input.withUnsafeReadableBytes { machine.receive($0, consumed: &consumed) }
        input.moveReaderIndex(forwardBy: consumed)
        settleBytes()
        if action != .wait { lastActivity = channel.eventLoop.now }
        return action
    }

    // MARK: Writing, reading

    func write(_ reply: Reply) {
        if output.capacity == 0 { output = channel.allocator.buffer(capacity: 256) }
        reply.encode { _ = output.writeBytes($0) }
    }

    func flush() {
        guard let context, output.readableBytes > 0 else { return }
        let bytes = output
        output = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// With the last reply. `lingers`: what the client still sends is read and dropped for a while, since a socket that is closed on unread
    /// bytes resets the connection, and the client may never see the reply.
    func flushAndClose(lingers: Bool) {
        guard let context else { return }
        let bytes = output
        output = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { [channel] _ in
            guard lingers, !self.isInputClosed else { return channel.close(promise: nil) }
            self.awaitEnd()
            channel.close(mode: .output).whenFailure { _ in channel.close(promise: nil) }
        }
    }

    private func isHolding(_ context: ChannelHandlerContext) -> Bool {
        (machine.isAsking && input.readableBytes > Self.heldInput) || !context.channel.isWritable
    }

    private func resumeReading() {
        guard wantsRead, let context, !isHolding(context) else { return }
        wantsRead = false
        context.read()
    }

    // MARK: From outside

    /// Any thread.
    func shutDown() {
        channel.eventLoop.execute {
            guard !self.isClosed, !self.machine.hasEnded else { return }
            switch self.opening {
            case .done: self.perform(self.machine.shutDown())
            case .awaitingGreeting: self.perform(.end(ServerReply.shuttingDown))
            // Nobody listens yet.
            case .awaitingProxy, .awaitingTLS: self.channel.close(promise: nil)
            }
        }
    }

    /// Any thread.
    func cut() -> EventLoopFuture<Void> {
        channel.eventLoop.submit { self.closeReason = "stopped" }.flatMap { self.channel.close() }
    }
}
