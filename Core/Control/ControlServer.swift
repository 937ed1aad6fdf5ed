import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The admin API as a service: a Unix socket of mode 0600 for the operator and, if wanted, a TCP address that answers `/health` and
/// `/metrics` only.
///
/// The socket's file belongs to whoever runs the gateway. Between bind(2) and chmod(2) it has the mode that the process's umask leaves, so
/// the process should run with 077.
public struct ControlServer: Service {
    /// Where the TCP address is; port 0 takes any that is free.
    public struct Address: Hashable, Sendable {
        public var host: String
        public var port: Int
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let claim: SocketClaim
    private let observation: Address?
    private let backend: any ControlBackend
    private let logger: Logger
    private let onRunning: @Sendable (Int?) -> Void

    /// Claims the path at once: throws a `ControlFailure` when another gateway listens there, before anything else is started.
    /// `onRunning` is called once, when all addresses listen, with the TCP port if there is one; on any thread.
    public init(
        socket: String, observation: Address? = nil, backend: any ControlBackend, logger: Logger,
        onRunning: @escaping @Sendable (Int?) -> Void = { _ in }
    ) throws {
        claim = try SocketClaim(path: socket)
        self.observation = observation
        self.backend = backend
        self.logger = logger
        self.onRunning = onRunning
    }

    /// Until a graceful shutdown or cancellation. The socket's file is gone when this returns.
    public func run() async throws {
        defer { claim.removeSocket() }
        let routes = ControlRoutes(backend: backend)
        // The services of one group stop together, in either way.
        let listening = AsyncStream.makeStream(of: Int?.self)
        var applications: [any Service] = [
            application(routes.all(), at: .unixDomainSocket(path: claim.path)) { [claim, logger] channel in
                guard chmod(claim.path, 0o600) == 0 else {
                    logger.critical("cannot set the mode of the control socket: it is closed", metadata: ["path": "\(claim.path)"])
                    claim.removeSocket()
                    channel.close(promise: nil)
                    return
                }
                listening.continuation.yield(nil)
            }
        ]
        if let observation {
            applications.append(
                application(routes.observation(), at: .hostname(observation.host, port: observation.port)) { channel in
                    listening.continuation.yield(channel.localAddress?.port)
                })
        }
        let expected = applications.count
        var configuration = ServiceGroupConfiguration(services: applications, logger: logger)
        configuration.maximumGracefulShutdownDuration = ControlLimits.drain
        let serviceGroup = ServiceGroup(configuration: configuration)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [onRunning] in
                var port: Int?
                var count = 0
                for await each in listening.stream {
                    port = each ?? port
                    count += 1
                    if count == expected { return onRunning(port) }
                }
            }
            group.addTask {
                defer { listening.continuation.finish() }
                try await Self.run(serviceGroup)
            }
            try await group.waitForAll()
        }
    }

    /// Cancellation ends it gracefully too: a connection that was accepted but not yet handled must not be dropped, NIO traps on that.
    private static func run(_ serviceGroup: ServiceGroup) async throws {
        // Unstructured, so that cancellation does not reach it; it inherits the wish for a graceful shutdown.
        let running = Task { try await serviceGroup.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            Task { await serviceGroup.triggerGracefulShutdown() }
        }
    }

    private func application(
        _ router: Router<BasicRequestContext>, at address: BindAddress, onRunning: @escaping @Sendable (any Channel) async -> Void
    ) -> any Service {
        Application(
            router: router,
            server: .http1(
                configuration: .init(
                    idleTimeout: ControlLimits.idle,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: ControlLimits.requestHead, maxHeaderListSize: ControlLimits.requestHead,
                        maxHeaderFieldCount: 100))),
            configuration: .init(
                address: address, backlog: 64, availableConnectionsDelegate: MaximumAvailableConnections(ControlLimits.connections)),
            onServerRunning: onRunning, logger: logger)
    }
}
