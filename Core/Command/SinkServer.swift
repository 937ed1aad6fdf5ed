import Glibc
import Mail
import NIOPosix
import Receive

/// A sink that listens: Postern's own SMTP service with an inspector that takes everything.
final class SinkServer: Sendable {
    static let hostname = "sink.localhost"
    static let limits: Limits = {
        var limits = Limits()
        // Nobody sits and waits for these at the end of a demonstration.
        limits.drain = .seconds(1)
        // One client, the gateway, opens all the sessions.
        limits.sessionsPerClient = limits.sessions
        return limits
    }()

    private struct FixedPolicy: PolicySource {
        let current = PolicySnapshot(generation: 1, hostname: SinkServer.hostname, limits: SinkServer.limits)
    }

    private struct SystemClock: WallClock {
        var now: Timestamp {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        }
    }

    private let tray: SinkTray
    private let server: SMTPServer

    init(_ manner: SinkInspector.Manner) {
        tray = SinkTray(manner, clock: SystemClock())
        server = SMTPServer(
            group: MultiThreadedEventLoopGroup.singleton, policy: FixedPolicy(), inspectors: tray, log: SilentMailLog(),
            clock: SystemClock())
    }

    /// Where it listens, with the real port.
    func start(address: String, port: Int) async throws -> String {
        let bound = try await server.start([SMTPListener(.port(address, port))])
        return Endpoint(host: bound.first?.ipAddress ?? address, port: bound.first?.port ?? port).description
    }

    func stop() async { await server.stop() }

    var counted: (messages: Int, recipients: Int, bytes: Int) { tray.counted }
}
