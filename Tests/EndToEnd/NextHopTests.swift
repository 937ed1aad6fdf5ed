import Foundation
import GatewayTestKit
import Synchronization
import Testing

/// The live gateway and next hops: those that misbehave, and those that the DNS names.
@Suite(.serialized) struct NextHopTests {
    /// A message for a and b, and what became of it.
    private struct Fate {
        let row: Misbehaviour
        let bad: ScriptedNextHop
        let domain: String
        /// The other next hop of the same domain.
        let other: ScriptedNextHop?
        var id = ""
    }

    /// Each misbehaviour twice: by a domain's only next hop, and by the first of two. They go on until each message was tried once.
    @Test(.enabled(if: Tool.isStaged), .timeLimit(.minutes(5))) func nothingIsLostWhateverANextHopDoes() async throws {
        let good = try await ScriptedNextHop()
        let gateway = try GatewayUnderTest(
            nextHop: good.port, queue: "{retry: {first: 1s, most: 2s}, reply_timeout: 6s, end_of_data_timeout: 6s, connect_timeout: 6s}")
        let areMended = Mutex(false)
        var fates: [Fate] = []
        for (number, row) in Misbehaviour.all.enumerated() {
            let script: @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step? = { session, moment in
                areMended.withLock { $0 } ? nil : row.script(session, moment)
            }
            for (name, other) in [("alone", nil), ("two", good)] {
                let bad = try await ScriptedNextHop(extensions: row.extensions, script: script)
                fates.append(Fate(row: row, bad: bad, domain: "\(name)\(number).example", other: other))
            }
        }
        for fate in fates {
            let tls = fate.row.transport == .opportunisticTLS ? "opportunistic" : "never"
            let lmtp = fate.row.transport == .lmtp ? ", lmtp: true" : ""
            let second = fate.other.map { ", {host: 127.0.0.1, port: \($0.port), tls: never, preference: 20}" } ?? ""
            try gateway.write(
                "domains/\(fate.domain).yaml",
                "domain: \(fate.domain)\ndeliver_to: [{host: 127.0.0.1, port: \(fate.bad.port), tls: \(tls)\(lmtp)}\(second)]\nrecipients: any\n"
            )
        }
        try gateway.start()
        defer { gateway.stop() }

        let script = """
            import json, smtplib, sys
            for domain, lines in json.loads(sys.argv[1]):
                s = smtplib.SMTP('127.0.0.1', \(gateway.port), timeout=60); s.ehlo('client.example')
                s.mail('s@sender.example'); s.rcpt('a@' + domain); s.rcpt('b@' + domain)
                print(*s.data(b'Subject: x\\r\\n\\r\\n' + (b'x' * 78 + b'\\r\\n') * lines)); s.close()
            """
        let domains = fates.map { [$0.domain, $0.row.lineCount] as [Any] }
        let argument = String(decoding: try JSONSerialization.data(withJSONObject: domains), as: UTF8.self)
        let replies = try Tool.run(["python3", "-c", script, argument], seconds: 120).output.split(separator: "\n").map(String.init)
        try #require(replies.count == fates.count, "\(replies.suffix(3))")
        for place in fates.indices {
            fates[place].id = try #require(GatewayUnderTest.queueID(replies[place]), "\(fates[place].row): \(replies[place])")
        }
        #expect(
            try Tool.wait(60) {
                try gateway.json("queue", "list", "--limit", "1000").allSatisfy { message in
                    (message["recipients"] as? [[String: Any]] ?? []).allSatisfy { ($0["attempts"] as? Int ?? 0) > 0 }
                }
            })
        areMended.withLock { $0 = true }
        #expect(try Tool.wait(60) { try gateway.json("queue", "list").isEmpty })

        var table = "| the next hop | alone, until it is mended | with another beside it |\n|---|---|---|\n"
        for pair in stride(from: 0, to: fates.count, by: 2) {
            table += "| \(fates[pair].row) | \(try fate(fates[pair], gateway)) | \(try fate(fates[pair + 1], gateway)) |\n"
        }
        let readMe = try String(contentsOfFile: Tool.tree + "/Tests/EndToEnd/NextHops.md", encoding: .utf8)
        if !readMe.contains(table) {
            let actual = NSTemporaryDirectory() + "postern-next-hops.actual.md"
            try table.write(toFile: actual, atomically: true, encoding: .utf8)
            Issue.record("the table of Tests/EndToEnd/NextHops.md is another; \(actual) has the one that is true")
        }
        for fate in fates { await fate.bad.close() }
        await good.close()
    }

    /// The words of its attempts, equal ones once; in the end everybody has the message, or it is told to be undeliverable.
    private func fate(_ fate: Fate, _ gateway: GatewayUnderTest) throws -> String {
        var words: [String: [String]] = [:]
        for record in try gateway.json("trace", fate.id) {
            guard record["kind"] as? String == "attempt", let attempt = record["json"] as? [String: Any] else { continue }
            for recipient in attempt["recipients"] as? [[String: Any]] ?? [] {
                guard let to = recipient["to"] as? String, let outcome = recipient["outcome"] as? String else { continue }
                if words[String(to.prefix(1))]?.last != outcome { words[String(to.prefix(1)), default: []].append(outcome) }
            }
        }
        for name in ["a", "b"] {
            let last = words[name]?.last
            #expect(last == "delivered" || last == "bounced", "\(fate.row), \(fate.domain): \(words)")
            guard last == "delivered" else { continue }
            // Received names the queue ID.
            let holders = [fate.bad, fate.other].compactMap { $0 }.flatMap(\.messages).filter { message in
                message.commands.contains { $0.hasPrefix("RCPT TO:<\(name)@\(fate.domain)>") }
                    && String(decoding: message.bytes.prefix(2000), as: UTF8.self).contains(" id \(fate.id)")
            }
            #expect(!holders.isEmpty, "\(fate.row), \(fate.domain): nobody has the message for \(name)")
        }
        let (a, b) = (words["a"] ?? [], words["b"] ?? [])
        return a == b ? a.joined(separator: ", ") : "a: \(a.joined(separator: ", ")); b: \(b.joined(separator: ", "))"
    }

    // MARK: By MX

    /// A domain's own mail goes to the hosts that the DNS names, on port 25: real name server, real servers on addresses of documentation.
    @Test(.enabled(if: Tool.isStaged && NSDServer.isInstalled && NextHopTests.canRouteAddresses())) func byMX() async throws {
        let zone =
            NSDServer.head(of: "world.example") + """
                @ MX 10 dead
                @ MX 20 mx
                dead A 192.0.2.10
                mx A 192.0.2.11
                null MX 0 .
                loop MX 10 mx.gateway.example.
                inside MX 10 local
                local A 127.0.0.1

                """
        let server = try NSDServer(zones: ["world.example": zone])
        defer { server.stop() }
        let hop = try await ScriptedNextHop(host: "192.0.2.11", port: 25)
        let port = Tool.freePort()
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(), domain: "outbound: {deliver_to: mx, networks: [127.0.0.0/8]}",
            dns: "{forward: ['\(server.address)']}", listeners: ["{address: 127.0.0.1, port: \(port), role: outbound, auth: off}"])
        try gateway.start()
        defer { gateway.stop() }
        let wanted = [
            ("friend@world.example", "delivered", "250 2.0.0 taken"), ("friend@[192.0.2.11]", "delivered", "250 2.0.0 taken"),
            ("friend@null.world.example", "bounced", "5.1.10"), ("friend@none.world.example", "bounced", "5.1.2"),
            ("friend@loop.world.example", "bounced", "5.4.6"), ("friend@inside.world.example", "bounced", "5.4.4"),
        ]
        for (recipient, word, says) in wanted {
            let script = """
                import smtplib
                s = smtplib.SMTP('127.0.0.1', \(port), timeout=60); s.ehlo('client.example'); s.mail('b@example.com')
                s.rcpt('\(recipient)'); print(*s.data(b'Subject: x\\r\\n\\r\\nHi\\r\\n'))
                """
            let reply = try Tool.run(["python3", "-c", script]).output
            let id = try #require(GatewayUnderTest.queueID(reply), "\(recipient): \(reply)")
            let isSo = try Tool.wait {
                let trace = try gateway.command("trace", id).output
                return trace.contains(word) && trace.contains(says)
            }
            let trace = try gateway.command("trace", id).output
            #expect(isSo, "\(recipient): \(trace)")
        }
        #expect(hop.messages.count == 2)
        await hop.close()
    }

    /// In a network namespace of our own every address can be this machine's.
    static func canRouteAddresses() -> Bool {
        let result = try? Tool.run([
            "env", "PATH=/usr/sbin:/sbin:/usr/bin:/bin", "ip", "route", "replace", "local", "192.0.2.0/24", "dev", "lo",
        ])
        if result?.status == 0 { return true }
        print("skipped: delivery by MX needs the rights of root in the network namespace")
        return false
    }
}
