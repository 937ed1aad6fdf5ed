import Foundation
import GatewayTestKit
import Testing

/// What senders are told, through the live gateway: DSNs arrive at the sender's own next hop, and only there.
struct NotificationTests {
    /// example.com's own servers take everything, its relay refuses every recipient; with other.example it is the other way round.
    @Test(.enabled(if: Tool.isStaged)) func failuresSuccessesAndForgedSenders() throws {
        // Without DSN.
        let home = try SinkUnderTest(options: ["-N"])
        let refusing = try SinkUnderTest(options: ["-f", "rcpt"])
        defer {
            home.stop()
            refusing.stop()
        }
        let networks = "tls: never}], networks: [127.0.0.0/8]}"
        let gateway = try GatewayUnderTest(
            nextHop: home.port, domain: "outbound: {deliver_to: [{host: 127.0.0.1, port: \(refusing.port), \(networks)",
            named: ["submission": "role: outbound, auth: off"])
        try gateway.write(
            "domains/other.example.yaml",
            """
            domain: other.example
            recipients: any
            deliver_to: [{host: 127.0.0.1, port: \(refusing.port), tls: never}]
            outbound: {deliver_to: [{host: 127.0.0.1, port: \(home.port), \(networks)
            """)
        try gateway.start()
        defer { gateway.stop() }

        let refused = try send(gateway, from: "anna@example.com", to: "friend@world.example ORCPT=rfc822;old+2Bname@world.example")
        let silent = try send(gateway, from: "anna@example.com", to: "friend@world.example NOTIFY=NEVER")
        let report = try report(home, about: refused)
        #expect(report["from"] == "Mail delivery <postmaster@mx.gateway.example>")
        #expect(report["to"] == "anna@example.com" && report["report"] == "delivery-status" && report["defects"] == "0")
        #expect(report["Original-Envelope-Id"] == "id+1" && report["Reporting-MTA"] == "dns; mx.gateway.example")
        #expect(report["Original-Recipient"] == "rfc822; old+name@world.example")
        #expect(report["Final-Recipient"] == "rfc822; friend@world.example" && report["Action"] == "failed")
        #expect(report["Status"]?.hasPrefix("5.") == true && report["Diagnostic-Code"]?.hasPrefix("smtp; 5") == true)
        #expect(report["returned"]?.contains("Subject: out") == true)

        #expect(Tool.wait { gateway.logText.contains("event=bounced queue_id=\(silent)") || gateway.logText.contains(silent) })
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty })
        #expect(try gateway.json("quarantine", "list").isEmpty)
        #expect(home.messages.filter { $0.contains("multipart/report") }.count == 1)
        let trace = try gateway.command("trace", refused).output
        #expect(trace.contains("dsn") && trace.contains("sent_as"), "\(trace)")
        #expect(Tool.wait { gateway.logText.contains("event=dsn") && gateway.logText.contains("about=\(refused)") })

        // Taken by a server that knows no DSN. What is told to other.example is refused there: kept, and nobody is told of that.
        let relayed = try send(gateway, from: "bob@other.example", to: "friend@world.example NOTIFY=SUCCESS")
        #expect(Tool.wait { gateway.logText.contains("about=\(relayed) action=relayed") }, "\(gateway.logText.suffix(2000))")
        #expect(try Tool.wait { try quarantined(gateway).contains { $0.hasPrefix("undeliverable: ") } })
        #expect(home.messages.count == 2)

        // Anybody can write anybody's address into MAIL.
        _ = try gateway.send(from: "victim@example.com", to: ["bob@other.example"])
        #expect(try Tool.wait { try quarantined(gateway).filter { $0.hasPrefix("undeliverable: ") }.count == 2 })
        #expect(home.messages.count == 2)
        #expect(try gateway.json("queue", "list").isEmpty)
    }

    @Test(.enabled(if: Tool.isStaged)) func aDelayIsToldOnceAndThenTheEnd() throws {
        let home = try SinkUnderTest()
        defer { home.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: home.port,
            domain: "outbound: {deliver_to: [{host: 127.0.0.1, port: \(Tool.freePort()), tls: never}], networks: [127.0.0.0/8]}",
            named: ["submission": "role: outbound, auth: off"])
        let file = try String(contentsOfFile: gateway.configuration + "/postern.yaml", encoding: .utf8)
        try gateway.write("postern.yaml", file.replacing("queue: {", with: "queue: {delay_warning: 2s, lifetime: 10s, "))
        try gateway.start()
        defer { gateway.stop() }
        let id = try send(gateway, from: "anna@example.com", to: "friend@world.example")
        #expect(Tool.wait { gateway.logText.contains("about=\(id) action=failed") })
        #expect(Tool.wait { home.messages.count == 2 })
        let lines = gateway.logText.split(separator: "\n").filter { $0.contains("about=\(id) action=") }
        #expect(lines.map { $0.contains("action=delayed") } == [true, false], "\(lines)")
        #expect(home.messages.contains { $0.contains("Action: delayed") && $0.contains("Will-Retry-Until: ") })
        #expect(home.messages.contains { $0.contains("Action: failed") && $0.contains("Status: 4.4.1") })
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty })
        #expect(try gateway.json("quarantine", "list").isEmpty)
    }

    /// The reasons of the copies in quarantine.
    private func quarantined(_ gateway: GatewayUnderTest) throws -> [String] {
        try gateway.json("quarantine", "list").flatMap {
            ($0["recipients"] as? [[String: Any]] ?? []).compactMap { $0["reason"] as? String }
        }
    }

    /// The queue ID. `recipient`: with parameters of RCPT behind it.
    private func send(_ gateway: GatewayUnderTest, from sender: String, to recipient: String) throws -> String {
        let words = recipient.split(separator: " ").map(String.init)
        let script = """
            import smtplib
            s = smtplib.SMTP('127.0.0.1', \(gateway.port("submission")), timeout=60)
            s.ehlo('client.example'); s.mail('\(sender)', ['ENVID=id+2B1']); s.rcpt('\(words[0])', [\(words.dropFirst().map { "'\($0)'" }.joined(separator: ", "))])
            print(*s.data(b'Subject: out\\r\\nFrom: \(sender)\\r\\n\\r\\nHi\\r\\n'))
            """
        let result = try Tool.run(["python3", "-"], input: script)
        return try #require(GatewayUnderTest.queueID(result.output), "\(result.output) \(result.errors)")
    }

    /// The DSN that names a message, as Python's email package reads it.
    private func report(_ sink: SinkUnderTest, about id: String) throws -> [String: String] {
        var found: Data?
        #expect(
            Tool.wait {
                found = sink.files.first { String(decoding: $0, as: UTF8.self).contains("\(id) here") }; return found != nil
            })
        let folder = try TemporaryFolder()
        try (found ?? Data()).write(to: URL(fileURLWithPath: folder.path + "/m"))
        let script = """
            import email, email.policy, json
            text = open('\(folder.path)/m', 'rb').read()
            # Above the message stand the sink's own notes.
            m = email.message_from_bytes(text, policy=email.policy.default)
            parts = list(m.iter_parts())
            out = {'from': m['From'], 'to': m['To'], 'report': m.get_param('report-type'), 'returned': parts[2].get_payload(decode=True).decode(),
                   'defects': str(sum(len(p.defects) for p in m.walk()))}
            for block in parts[1].get_payload(): out.update(block.items())
            print(json.dumps(out))
            """
        let result = try Tool.run(["python3", "-"], input: script)
        let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: String]
        return try #require(object, "\(result.output) \(result.errors)")
    }
}
