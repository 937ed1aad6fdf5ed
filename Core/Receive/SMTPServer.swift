import Mail
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The SMTP service: listeners, and a session for each connection. Sessions stay on the event loop that accepted them.
public final class SMTPServer: Sendable {
    private let group: any EventLoopGroup
    let shared: SessionServices
    private let sockets: any ListeningSockets
    private let channels = Mutex<[any Channel]>([])

    /// `policy` gives the limits and the host name that hold before a session has an inspector; `sockets` may have some that listen already;
    /// `spool` takes the messages that are too large for memory (nil: memory does).
    /// Nothing happens until `start`.
    public init(
        group: any EventLoopGroup, policy: any PolicySource, inspectors: any SessionInspectorFactory, log: any MailLog,
        clock: any WallClock, spool: (any BodySpool)? = nil, sockets: any ListeningSockets = UnkeptSockets()
    ) {
        self.group = group
        self.sockets = sockets
        shared = SessionServices(policy: policy, inspectors: inspectors, log: log, clock: clock, spool: spool)
    }

    /// Listens on all of them or, throwing `ReceiveFailure`, on none. Returns what was bound, in order, with the real ports.
    @discardableResult
    public func start(_ listeners: [SMTPListener]) async throws -> [SocketAddress] {
        var bound: [any Channel] = []
        for listener in listeners {
            do { bound.append(try await bind(listener)) } catch {
                for channel in bound { try? await channel.close() }
                throw Self.failure(error, listener)
            }
        }
        channels.withLock { $0 += bound }
        return bound.compactMap(\.localAddress)
    }

    /// Sessions under way, refused ones not counted.
    public var openSessions: Int { shared.registry.count }

    /// Bytes of messages between DATA and the reply.
    public var bytesInFlight: Int { shared.budget.inUse }

    /// Stops listening at once; idle sessions get 421 now, others at the end of their transaction; after `limits.drain` the rest is cut off.
    public func stop() async {
        let listening = channels.withLock { channels in
            defer { channels = [] }
            return channels
        }
        shared.isStopping.store(true, ordering: .relaxed)
        // No more are accepted. What was a moment before goes to its own loop, back, and there again before it is a session, and would be
        // closed without a word if its listener were closed by then: each loop gets its turns first.
        for channel in listening { try? await channel.setOption(.autoRead, value: false).get() }
        for _ in 0..<4 { for loop in group.makeIterator() { try? await loop.submit {}.get() } }
        for channel in listening { try? await channel.close() }
        for handler in shared.registry.all { handler.shutDown() }
        let drain = shared.policy.current.limits.drain
        let deadline = ContinuousClock.now + drain
        while shared.registry.count > 0, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        let late = shared.registry.all.map { $0.cut() }
        for closed in late { try? await closed.get() }
    }

    private func bind(_ listener: SMTPListener) async throws -> any Channel {
        let shared = shared
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                // Out of descriptors: what is connected goes on, and accepting is tried again a little later.
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler()) }
            }
            .serverChannelOption(.backlog, value: 4096)
            // A client may send all it has, close its side and still wait for the replies.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.prepare(channel, listener, shared) }
            }
        if let kept = adopted(listener) { return try await bootstrap.withBoundSocket(kept).get() }
        let channel = try await open(listener, bootstrap)
        try await channel.eventLoop.submit { [sockets] in
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                sockets.keep(listener.name, $0)
            }
        }.get()
        return channel
    }

    /// A socket that listens already. One whose file is gone is of no use: no client would find it.
    private func adopted(_ listener: SMTPListener) -> Int32? {
        guard let kept = sockets.take(listener.name) else { return nil }
        guard case .socket(let path) = listener.place else { return kept }
        if (try? UnixSocketFile.setMode(listener.socketMode, of: path)) != nil { return kept }
        close(kept)
        return nil
    }

    private func open(_ listener: SMTPListener, _ bootstrap: ServerBootstrap) async throws -> any Channel {
        switch listener.place {
        case .port(let host, let port):
            let address = try SocketAddress(ipAddress: host, port: port)
            var bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // `::` is IPv6 only: `0.0.0.0` on the same port is a listener of its own.
            if case .v6 = address {
                bootstrap = bootstrap.serverChannelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
            }
            return try await bootstrap.bind(to: address).get()
        case .socket(let path):
            try UnixSocketFile.clear(path)
            let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            do { try UnixSocketFile.setMode(listener.socketMode, of: path) } catch {
                try? await channel.close()
                throw error
            }
            return channel
        }
    }

    /// The handlers of one connection: PROXY before TLS before SMTP.
    private static func prepare(_ channel: any Channel, _ listener: SMTPListener, _ services: SessionServices) throws {
        let pipeline = channel.pipeline.syncOperations
        if case .port = listener.place {
            try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client that has reset the connection already has no address any more, and its bytes would be nobody's: with them it could be
            // taken for whomever we trust.
            guard let peer = channel.remoteAddress.flatMap(IPAddress.init(_:)) else { throw ReceiveFailure("the client is gone") }
            if listener.expectsProxyHeader(from: peer) { try pipeline.addHandler(ProxyHandler()) }
        }
        if listener.isImplicitTLS, let tls = listener.tls {
            // TLS has its own end (close_notify); with half closure the handler waits for it in vain.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
        }
        let handler = SessionHandler(channel: channel, listener: listener, services: services)
        try channel.syncOptions?.setOption(.recvAllocator, value: handler.buffers)
        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        try pipeline.addHandler(handler)
    }

    private static func failure(_ error: any Error, _ listener: SMTPListener) -> ReceiveFailure {
        let name = listener.name
        if let failure = error as? ReceiveFailure { return ReceiveFailure("cannot listen on \(name): \(failure)") }
        guard let io = error as? IOError else { return ReceiveFailure("cannot listen on \(name): \(error)") }
        return switch io.errnoCode {
        case EADDRINUSE:
            ReceiveFailure("cannot listen on \(name): another program has this port; stop it or choose another port under listen:")
        case EACCES:
            ReceiveFailure("cannot listen on \(name): not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE")
        case EADDRNOTAVAIL:
            ReceiveFailure("cannot listen on \(name): no interface of this machine has that address; correct it under listen:")
        default: ReceiveFailure("cannot listen on \(name): \(io)")
        }
    }
}
