import Control
import Dispatch
import Glibc
import Logging
import Mail
import Metrics
import ServiceLifecycle
import Telemetry
import UnixSignals

/// `postern run`: the gateway as a process.
public enum GatewayProcess {
    /// Until SIGTERM or SIGINT. SIGHUP takes the configuration's files and opens the log anew. Once per process.
    public static func run(_ options: GatewayOptions) async throws {
        umask(0o077)
        // Until `HangUp` hears it: SIGHUP must not end a gateway that is just starting.
        signal(SIGHUP, SIG_IGN)
        // A terminal sends it to the supervisor too, which asks by SIGTERM.
        if options.supervisor != nil { signal(SIGINT, SIG_IGN) }
        options.supervisor?.listen()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        var logger = Logger(label: "postern")
        logger.logLevel = .notice
        let configuration = try Configuration(options.configuration)
        let gateway = try RunningGateway(configuration, metrics: metrics, supervisor: options.supervisor, logger: logger)
        do {
            // Claims its path, so that a second gateway fails before it listens.
            let control = try ControlServer(
                socket: gateway.settings.control,
                observation: gateway.settings.metrics.map { .init(host: "\($0.address)", port: $0.port) },
                backend: GatewayBackend(gateway), logger: logger)
            try await gateway.start()
            if configuration.isDemonstration {
                print(demonstrationText(gateway))
                fflush(nil)
            }
            // Stopped in reverse order, each before the one above it.
            let group = ServiceGroup(
                configuration: .init(
                    services: [
                        .init(service: Stage { await gateway.stopDelivering() }), .init(service: Stage { await gateway.stopReceiving() }),
                        .init(service: HangUp(gateway: gateway, logger: logger)), .init(service: control),
                        .init(service: Watchdog(gateway: gateway, logger: logger)),
                    ], gracefulShutdownSignals: options.supervisor == nil ? [.sigterm, .sigint] : [.sigterm], logger: logger))
            try await group.run()
        } catch {
            // What has been sent must be recorded, or it is sent again at the next start.
            await gateway.stopReceiving()
            await gateway.stopDelivering()
            await gateway.close()
            throw error
        }
        await gateway.close()
    }

    /// A part that runs by itself until it is told to stop.
    private struct Stage: Service {
        let stop: @Sendable () async -> Void

        func run() async throws {
            try? await gracefulShutdown()
            await stop()
        }
    }

    /// Ends the process when a stop takes far longer than it may: a library that never returns must not need a SIGKILL. Nothing is lost:
    /// what was promised is committed.
    private struct Watchdog: Service {
        let gateway: RunningGateway
        let logger: Logger
        static let patience = Duration.seconds(30)

        func run() async throws {
            try? await gracefulShutdown()
            let most = gateway.policy.current.limits.drain * 2 + Self.patience
            DispatchQueue(label: "postern.watchdog").asyncAfter(deadline: .now() + .seconds(Int(most.components.seconds))) {
                logger.critical("the stop takes longer than \(most.components.seconds) s: ended")
                _exit(1)
            }
        }
    }

    /// SIGHUP, as operators expect it.
    private struct HangUp: Service {
        let gateway: RunningGateway
        let logger: Logger

        func run() async throws {
            for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                gateway.reopenLog()
                switch await gateway.reload() {
                case .success(let taken): logger.notice("reloaded: generation \(taken.settings.policy.generation)")
                case .failure(let errors): logger.error("refused, the old configuration stays: \(errors)")
                }
            }
        }
    }

    private static func demonstrationText(_ gateway: RunningGateway) -> String {
        let listener = gateway.settings.listeners.first.map { "\($0.place)" } ?? "no listener"
        return """

            Postern is running on \(listener) with the demonstration's configuration in \(Configuration.demonstrationFolder)/ (edit it: a change is taken at once).
            Send it a message from another terminal:

                postern send --server \(listener) --to anyone@example.com --subject "Hello"

            or with any SMTP client. It is filtered, stored, and delivered to a sink that shows it below. Then ask what happened:

                postern trace QUEUE-ID        postern queue list        postern plugin list

            Stop it with Ctrl-C.

            """
    }
}
