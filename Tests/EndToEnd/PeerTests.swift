import Foundation
import GatewayTestKit
import Testing

/// Filters that see the servers at the end of a way, through the live gateway.
@Suite(.serialized) struct PeerTests {
    /// Two servers with TLS, of which the filter wants the second.
    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"]) func oneOfTwoServersIsRefused(_ home: String) async throws {
        let certificates = try ["bad.example", "good.example"].map { try TestCertificate(names: ["DNS:\($0)"]) }
        defer { for certificate in certificates { certificate.remove() } }
        let bad = try await ScriptedNextHop(tls: try certificates[0].serverContext())
        let good = try await ScriptedNextHop(tls: try certificates[1].serverContext())
        let gateway = try GatewayUnderTest(nextHop: good.port, probe: Probe("router"))
        func write(_ domain: String, _ settings: String, servers: [ScriptedNextHop], timeout: String = "60s") throws {
            let hops = servers.enumerated().map { "{host: 127.0.0.1, port: \($1.port), tls: opportunistic, preference: \($0)}" }
            try gateway.write(
                "domains/\(domain).yaml",
                """
                domain: \(domain)
                deliver_to: [\(hops.joined(separator: ", "))]
                recipients: any
                filters: [{router: {\(settings), home: \(home), timeout: \(timeout)}}]

                """)
        }
        try write("both.example", "wants: good.example", servers: [bad, good])
        try write("one.example", "wants: good.example", servers: [bad])
        try write("never.example", "never: good.example", servers: [bad])
        try write("hang.example", "wants: hang", servers: [good], timeout: "300ms")
        try gateway.start()
        defer { gateway.stop() }
        func send(_ domain: String) throws -> String { try #require(GatewayUnderTest.queueID(gateway.send(to: ["b@\(domain)"])[0])) }
        func trace(_ id: String) throws -> String { try gateway.command("trace", id).output }

        let delivered = try send("both.example")
        #expect(try Tool.wait { try trace(delivered).contains("delivered to <b@both.example>") })
        #expect(good.messages.count == 1 && good.messages[0].isEncrypted)
        for (domain, why) in [
            ("one.example", "4.7.5 its certificate has another name (router)"),
            ("never.example", "its certificate has another name (router)"),
            ("hang.example", "router ended in timeout"),
        ] {
            let id = try send(domain)
            #expect(try Tool.wait { try trace(id).contains(why) }, "\(domain)")
        }
        #expect(bad.messages.isEmpty && !bad.commands.contains { $0.hasPrefix("MAIL") })
        // Mail of a domain without such a filter goes to it as ever.
        try gateway.write(
            "domains/free.example.yaml",
            "domain: free.example\ndeliver_to: [{host: 127.0.0.1, port: \(bad.port), tls: require}]\nrecipients: any\n")
        try gateway.write(
            "domains/one.example.yaml",
            "domain: one.example\ndeliver_to: [{host: 127.0.0.1, port: \(bad.port), tls: require}]\nrecipients: any\n")
        #expect(try gateway.command("reload").status == 0)
        _ = try send("free.example")
        #expect(Tool.wait { bad.messages.count == 2 }, "and what waited, once nobody objects")
        await bad.close()
        await good.close()
    }

    /// A filter that ends its worker while it looks at a server: the mail waits, other mail goes on, and nothing is lost or sent twice.
    @Test(.enabled(if: Tool.isStaged)) func aFilterThatCrashesThere() async throws {
        let hop = try await ScriptedNextHop()
        let needed = try Switch()
        let gateway = try GatewayUnderTest(nextHop: hop.port, probe: Probe("router"))
        try gateway.writeDomain("filters: [{router: {crash: \(needed.path), home: worker, timeout: 60s}}]", domain: "crash.example")
        try gateway.writeDomain(
            "filters: [{router: {crash: \(needed.path), home: worker, timeout: 60s, on_crash: skip, on_error: skip}}]",
            domain: "skip.example")
        try gateway.start()
        defer { gateway.stop() }
        let id = try #require(GatewayUnderTest.queueID(gateway.send(to: ["b@crash.example"])[0]))
        #expect(try Tool.wait { try gateway.command("trace", id).output.contains("router ended in crash") })
        #expect(hop.messages.isEmpty)
        _ = try gateway.send(to: ["b@skip.example"])
        #expect(Tool.wait { hop.messages.count == 1 })
        // Nobody is asked any more.
        try gateway.writeDomain("filters: []", domain: "crash.example")
        #expect(try gateway.command("reload").status == 0)
        #expect(try Tool.wait(60) { try gateway.command("trace", id).output.contains("delivered to <b@crash.example>") })
        #expect(hop.messages.count == 2)
        await hop.close()
    }
}
