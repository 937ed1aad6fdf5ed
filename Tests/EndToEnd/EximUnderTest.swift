import Foundation
import GatewayTestKit
import Testing

/// A real Exim in a root of its own; no daemon: each message is delivered by the process that takes it.
final class EximUnderTest {
    private let root: MailServerRoot

    /// `authority`: a folder whose cert.pem is trusted.
    init(authority: TemporaryFolder) throws {
        root = try MailServerRoot(users: ["Debian-exim": 992, "mail": 8], authority: authority)
        for name in ["/etc/exim4", "/var/log/exim4", "/var/spool/exim4"] {
            try root.makeFolder(name, user: name.hasPrefix("/var") ? 992 : 0)
        }
    }

    /// Sends one message to 127.0.0.1 and gives back what the log says of it. `transport`: lines of the smtp transport;
    /// `login`: login, password and mechanism (`PLAIN`, `LOGIN`).
    func send(_ letter: Letter, to recipient: String, port: Int, transport: [String], login: (String, String, String)? = nil) throws
        -> String
    {
        let authenticator = login.map { name, password, mechanism in
            let said = mechanism == "PLAIN" ? "^\(name)^\(password)" : ": \(name) : \(password)"
            return "begin authenticators\nthe:\n  driver = plaintext\n  public_name = \(mechanism)\n  client_send = \(said)"
        }
        let lines = transport + (login == nil ? [] : ["hosts_require_auth = *"])
        try root.write(
            """
            primary_hostname = exim.example
            keep_environment =
            log_selector = +all
            begin routers
            all:
              driver = manualroute
              route_list = * 127.0.0.1
              self = send
              transport = out
            begin transports
            out:
              driver = smtp
              port = \(port)
              tls_verify_certificates = /etc/ssl/certs/ca-certificates.crt
              tls_verify_hosts = *
              tls_verify_cert_hostnames = :
              \(lines.joined(separator: "\n  "))
            begin retry
            * * F,1h,1m
            \(authenticator ?? "")

            """, to: "/etc/exim4/exim4.conf")
        // What it remembers of a server that has refused it.
        try? FileManager.default.removeItem(atPath: root.path + "/var/spool/exim4/db")
        let before = root.text(of: "/var/log/exim4/mainlog").count
        let arguments = ["-odf", "-oi", "-f", Reception.login, recipient]
        let sent = try Tool.run(root.command("/usr/sbin/exim4", arguments), input: letter.text)
        try #require(sent.status == 0, "\(sent.output) \(sent.errors)")
        return String(root.text(of: "/var/log/exim4/mainlog").dropFirst(before))
    }
}
