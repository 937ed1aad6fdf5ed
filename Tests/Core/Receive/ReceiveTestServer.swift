import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import NIOSSL
import Receive
import Synchronization

/// A server on a free port of 127.0.0.1 with scripted inspectors. Stop it in the end.
final class ReceiveTestServer: Sendable {
    let server: SMTPServer
    let inspectors: ScriptedInspectors
    let log: RecordingLog
    let port: Int

    init(
        _ inspectors: ScriptedInspectors = ScriptedInspectors(), tls: ServerTLS? = nil, requiresTLS: Bool = false,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, _ change: (inout SMTPListener) -> Void = { _ in }
    ) async throws {
        self.inspectors = inspectors
        log = RecordingLog()
        let policy = FixedPolicy(current: PolicySnapshot(generation: 1, hostname: inspectors.hostname, limits: inspectors.limits))
        server = SMTPServer(group: group, policy: policy, inspectors: inspectors, log: log, clock: ManualLoop())
        var listener = SMTPListener(.port("127.0.0.1", FreePort.take()), tls: tls)
        listener.requiresTLS = requiresTLS
        change(&listener)
        let bound = try await server.start([listener])
        port = bound[0].port!
    }

    /// One as a transcript supposes it.
    convenience init(for transcript: Transcript, _ inspectors: ScriptedInspectors = ScriptedInspectors()) async throws {
        try await self.init(inspectors, tls: Self.tls.get()) { listener in
            let traits = transcript.traits
            listener.isLMTP = traits.contains(.lmtp)
            if traits.contains(.auth) { (listener.role, listener.authentication) = (.outbound, .required) }
            listener.normalizesLineEnds = traits.contains(.normalize)
            if traits.contains(.xclient) { listener.xclients = [IPNetwork("127.0.0.1")!] }
            if traits.contains(.proxy) { listener.proxies = [IPNetwork("127.0.0.0/8")!] }
        }
    }

    func connect() async throws -> SocketTransport {
        try await SocketTransport(host: "127.0.0.1", port: port, group: MultiThreadedEventLoopGroup.singleton)
    }

    /// Waits, with a bound, until `isTrue`.
    func wait(until isTrue: () -> Bool) async throws {
        for _ in 0..<2000 where !isTrue() { try await Task.sleep(for: .milliseconds(5)) }
        if !isTrue() { throw TranscriptFailure("what was waited for did not come") }
    }

    /// One for all tests: making it takes a while.
    static let tls: Result<ServerTLS, any Error> = Result {
        let files = try TestCertificate(names: ["DNS:mx.example.com"])
        defer { files.remove() }
        return try ServerTLS(certificate: files.certificateFile, key: files.keyFile)
    }
}

struct FixedPolicy: PolicySource {
    let current: PolicySnapshot
}

final class RecordingLog: MailLog, Sendable {
    private let lines = Mutex<[String]>([])
    var events: [String] { lines.withLock { $0 } }
    func write(_ event: MailEvent) {
        let fields = event.fields.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
        lines.withLock { $0.append("\(event.name) session=\(event.session ?? 0) \(fields)") }
    }
}
