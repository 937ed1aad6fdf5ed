import Foundation
import GatewayTestKit
import Testing

/// A real OpenSMTPD in a root of its own, with one listener for each way on.
final class OpenSMTPDUnderTest {
    private let root: MailServerRoot
    private let daemon: Daemon
    private let ports: [String: Int]

    /// - Parameters:
    ///   - routes: name -> where mail goes that comes in there, as smtpd.conf(5) has it: `smtp+tls://label@127.0.0.1:587`.
    ///   - secrets: label -> `login:password`.
    ///   - authority: a folder whose cert.pem is trusted.
    init(routes: [String: String], secrets: [String: String], authority: TemporaryFolder) throws {
        root = try MailServerRoot(users: ["opensmtpd": 990, "opensmtpq": 991], authority: authority)
        ports = routes.mapValues { _ in Tool.freePort() }
        try root.write(secrets.map { "\($0) \($1)\n" }.joined(), to: "/etc/secrets")
        var lines = ["table secrets file:/etc/secrets"]
        for (name, url) in routes {
            let auth = url.contains("@") ? " auth <secrets>" : ""
            lines += [
                "listen on 127.0.0.1 port \(ports[name]!) hostname opensmtpd.example tag \"\(name)\"",
                "action \"\(name)\" relay host \"\(url)\" helo opensmtpd.example\(auth)",
                "match tag \"\(name)\" from any for any action \"\(name)\"",
            ]
        }
        try root.write(lines.joined(separator: "\n") + "\n", to: "/etc/smtpd.conf")
        daemon = try Daemon(root.command("/usr/sbin/smtpd", ["-d"]), log: root.path + "/log")
        let isUp = Tool.wait { ports.values.allSatisfy { Tool.isListening($0) } || !daemon.process.isRunning }
        try #require(isUp && daemon.process.isRunning, "OpenSMTPD did not start: \(daemon.text)")
    }

    /// Where to send what is to take that way.
    func port(_ route: String) -> Int { ports[route]! }

    var log: String { daemon.text }

    func stop() { daemon.stop() }
}
