import Foundation
import GatewayTestKit
import Testing

/// The real gateway as a process, with a configuration folder of its own on loopback.
final class GatewayUnderTest: @unchecked Sendable {
    // Sendable: `send` and the commands read constants only; start and stop are the test's own thread's.
    let folder: TemporaryFolder
    let port = Tool.freePort()
    /// Where its domains deliver to.
    let nextHop: Int
    private(set) var daemon: Daemon?
    /// What must not go before the gateway.
    private let kept: [AnyObject?]
    /// Of its named listeners.
    private let ports: [String: Int]

    var configuration: String { folder.path + "/config" }
    var data: String { folder.path + "/data" }
    var log: String { folder.path + "/gateway.log" }
    var control: String { folder.path + "/control.sock" }

    /// - Parameters:
    ///   - domain: the lines of domains/example.com.yaml below `domain:` and `deliver_to:`.
    ///   - more: lines added to postern.yaml.
    ///   - dns: nil: answers from the file `zone`.
    ///   - certificate: a folder with cert.pem and key.pem: STARTTLS is offered.
    ///   - listeners: more entries of `listen`.
    ///   - named: more of them by name, without their place; a name that ends in `.sock` is a Unix socket's. With a certificate
    ///     `tls: true` stands for it.
    ///   - probe, services: filters beside those of the staged tree.
    init(
        nextHop: Int, domain: String = "filters: []", more: String = "", zone: String = "{}", dns: String? = nil, data: String? = nil,
        certificate: TemporaryFolder? = nil, listeners: [String] = [], named: [String: String] = [:], probe: Probe? = nil,
        services: Probe? = nil,
        queue: String = "{retry: {first: 1s, most: 2s}}"
    ) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        self.nextHop = nextHop
        kept = [certificate, probe, services]
        let tls = certificate.map { "tls: {certificate: \($0.path)/cert.pem, key: \($0.path)/key.pem}" } ?? ""
        let ports = named.filter { !$0.key.hasSuffix(".sock") }.mapValues { _ in Tool.freePort() }
        self.ports = ports
        try FileManager.default.createDirectory(atPath: configuration + "/domains", withIntermediateDirectories: true)
        var listen = ["{address: 127.0.0.1, port: \(port), role: inbound\(tls.isEmpty ? "" : ", tls: true")}"]
        listen +=
            listeners
            + named.map { name, settings in
                "{\(ports[name].map { "address: 127.0.0.1, port: \($0)" } ?? "socket: \(folder.path)/\(name)"), \(settings)}"
            }
        try write(
            "postern.yaml",
            """
            hostname: mx.gateway.example
            listen: [\(listen.joined(separator: ", "))]
            \(tls)
            data: \(data ?? self.data)
            control: \(control)
            plugins: \([Tool.stage + "/plugins", Tool.stage + "/examples"] + [probe, services].compactMap { $0?.path })
            dns: \(dns ?? "{file: zone.json}")
            queue: \(queue)
            \(more)
            """)
        try write("zone.json", zone)
        try writeDomain(domain)
    }

    func write(_ name: String, _ text: String) throws {
        // By renaming, as editors do: the gateway never sees half a file.
        try text.write(toFile: configuration + "/" + name, atomically: true, encoding: .utf8)
    }

    func writeDomain(_ lines: String, domain: String = "example.com") throws {
        try write(
            "domains/\(domain).yaml",
            """
            domain: \(domain)
            deliver_to: [{host: 127.0.0.1, port: \(nextHop), tls: never}]
            \(lines.contains("recipients:") ? "" : "recipients: any")
            \(lines)
            """)
    }

    /// The port of a named listener; nil: the first.
    func port(_ listener: String?) -> Int { listener.map { ports[$0]! } ?? port }

    /// The path of a named listener's Unix socket.
    func socket(_ listener: String) -> String { folder.path + "/" + listener }

    /// Starts it and waits until it takes mail and commands.
    func start(_ program: String = Tool.postern, options: [String] = []) throws {
        let daemon = try Daemon([program, "run", "--config", configuration] + options, log: log)
        self.daemon = daemon
        let isUp = Tool.wait { Tool.isListening(port) && Tool.isListening(control) || !daemon.process.isRunning }
        try #require(isUp && daemon.process.isRunning, "the gateway did not start: \(daemon.text)")
    }

    @discardableResult
    func stop(_ signal: Int32 = SIGTERM) -> Int32 { daemon?.stop(signal) ?? 0 }

    /// The gateway itself, the supervisor's child; nil while there is none.
    var pid: pid_t? {
        guard let supervisor = daemon?.process.pid else { return nil }
        let children = try? String(contentsOfFile: "/proc/\(supervisor)/task/\(supervisor)/children", encoding: .utf8)
        return children?.split(separator: " ").first.flatMap { pid_t($0) }
    }

    /// Supervisor and gateway at once, as a power cut would end them: neither can do anything for the other.
    func cut() throws {
        let supervisor = try #require(daemon).process.pid
        kill(supervisor, SIGSTOP)
        let gateway = try #require(pid)
        kill(gateway, SIGKILL)
        stop(SIGKILL)
        // Whoever inherits it reaps it; the data folder is free as soon as it is dead.
        #expect(Tool.wait { kill(gateway, 0) != 0 || Tool.isZombie(gateway) })
    }

    /// The log on standard output.
    var logText: String { daemon?.text ?? "" }

    /// Of the log, those with this in them.
    func lines(_ word: String) -> [String] { logText.split(separator: "\n").map(String.init).filter { $0.contains(word) } }

    /// A `postern` command against this gateway.
    func command(_ arguments: String...) throws -> Tool.Result {
        try Tool.run([Tool.postern] + arguments + ["--control", control])
    }

    /// Decoded `--json` output: one object a line.
    func json(_ arguments: String...) throws -> [[String: Any]] {
        let result = try Tool.run([Tool.postern] + arguments + ["--json", "--control", control])
        try #require(result.status == 0, "\(arguments): \(result.errors)")
        return try result.output.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    /// Sends with Python's smtplib; one line of output per message: the reply, or `code text` of the refusal.
    /// `fields`: more header fields, `Name: value`. `client`: its address.
    func send(
        count: Int = 1, from: String = "a@sender.example", to: [String] = ["b@example.com"], fields: [String] = [], text: String = "Hello",
        client: String = "127.0.0.1"
    ) throws -> [String] {
        let recipients = "[" + to.map { "'\($0)'" }.joined(separator: ",") + "]"
        let header = fields.map { $0 + "\\r\\n" }.joined()
        let script = """
            import smtplib, sys
            for n in range(\(count)):
                try:
                    s = smtplib.SMTP('127.0.0.1', \(port), timeout=60, source_address=('\(client)', 0))
                    bad = None
                    for code, t in (f() for f in (lambda: s.ehlo('client.example'), lambda: s.mail('\(from)'))):
                        if code >= 400: bad = (code, t); break
                    if bad: print(bad[0], bad[1].decode()); s.close(); continue
                    for r in \(recipients):
                        code, t = s.rcpt(r)
                        if code >= 400: bad = (code, t)
                    if bad: print(bad[0], bad[1].decode()); (s.close if bad[0] == 421 else s.quit)(); continue
                    code, t = s.data(b'Subject: test %d\\r\\nMessage-ID: <%d@sender.example>\\r\\n\(header)\\r\\n\(text)\\r\\n' % (n, n))
                    print(code, t.decode()); s.quit()
                except smtplib.SMTPResponseException as e: print(e.smtp_code, e.smtp_error.decode())
                except Exception as e: print('error', repr(e))
                sys.stdout.flush()
            """
        return try Tool.run(["python3", "-"], input: script, seconds: 300).output.split(separator: "\n").map(String.init)
    }

    /// The queue ID in a reply to the end of data.
    static func queueID(_ reply: String) -> String? {
        reply.range(of: "queued as ").map { String(reply[$0.upperBound...].prefix(13)) }
    }
}

/// Postfix's smtp-sink, one file per message.
final class SinkUnderTest {
    let port: Int
    private let folder: TemporaryFolder
    private let daemon: Daemon

    /// `options`: more of smtp-sink's, such as `-f rcpt`: RCPT is refused.
    init(port: Int = Tool.freePort(), options: [String] = []) throws {
        self.port = port
        folder = try TemporaryFolder()
        chmod(folder.path, 0o777)
        daemon = try Daemon(
            ["/usr/sbin/smtp-sink", "-u", "nobody", "-R", folder.path, "-d", "%M."] + options + ["127.0.0.1:\(port)", "500"],
            log: folder.path + "/log")
        try #require(Tool.wait { Tool.isListening(port) }, "smtp-sink did not start: \(daemon.text)")
    }

    var files: [Data] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0 != "log" }.compactMap { try? Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0)) }
    }

    var messages: [String] { files.map { String(decoding: $0, as: UTF8.self) } }

    func stop() { daemon.stop(SIGKILL) }
}
