import Foundation
import Testing

/// What filters demand of the way to a next hop, through the live gateway.
@Suite(.serialized) struct RouteTests {
    /// A gateway with a domain for each way, all of whose mail would go to the same sink in clear.
    private func gateway(_ sink: Int, home: String = "host", _ says: [String: String]) throws -> GatewayUnderTest {
        let gateway = try GatewayUnderTest(nextHop: sink, probe: Probe("router"))
        for (domain, word) in says {
            let timeout = word == "says: hang" ? "300ms" : "60s"
            try gateway.writeDomain("filters: [{router: {\(word), home: \(home), timeout: \(timeout)}}]", domain: domain)
        }
        return gateway
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"]) func mailWaitsUntilTheWayIsGoodEnough(_ home: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let needed = try Switch()
        let gateway = try gateway(
            sink.port, home: home,
            [
                "tls.example": "says: tls", "verified.example": "says: verified", "hosts.example": "says: hosts",
                "refuse.example": "says: refuse", "hang.example": "says: hang", "switched.example": "while: \(needed.path)",
            ])
        try gateway.start()
        defer { gateway.stop() }
        func send(_ domain: String) throws -> String { try #require(GatewayUnderTest.queueID(gateway.send(to: ["b@\(domain)"])[0])) }
        func trace(_ id: String) throws -> String { try gateway.command("trace", id).output }
        let says = [
            ("tls.example", "TLS is required"), ("verified.example", "TLS is required"),
            ("hosts.example", "none of 127.0.0.1 may be used (the router says so)"),
            ("hang.example", "router ended in timeout"), ("refuse.example", "No way is good enough (router)"),
        ]
        for (domain, why) in says {
            let id = try send(domain)
            #expect(try Tool.wait { try trace(id).contains(why) }, "\(domain)")
        }
        // A domain without such a filter goes on meanwhile.
        _ = try send("example.com")
        #expect(Tool.wait { sink.messages.count == 1 })
        let waiting = try send("switched.example")
        #expect(try Tool.wait { try trace(waiting).contains("TLS is required") })
        #expect(sink.messages.count == 1)
        try needed.turnOff()
        #expect(Tool.wait { sink.messages.count == 2 }, "once nothing is demanded any more it goes")
        #expect(try Tool.wait { try trace(waiting).contains("delivered to <b@switched.example>") })
    }

    @Test(.enabled(if: Tool.isStaged)) func encryptedAlthoughTheSettingsSayNever() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let inner = try GatewayUnderTest(nextHop: sink.port, certificate: Tool.certificate())
        try inner.writeDomain("filters: []", domain: "tls.example")
        try inner.start()
        defer { inner.stop() }
        let outer = try gateway(inner.port, ["tls.example": "says: tls"])
        try outer.start()
        defer { outer.stop() }
        for domain in ["tls.example", "example.com"] {
            #expect(try outer.send(to: ["b@\(domain)"])[0].hasPrefix("250"))
        }
        #expect(Tool.wait { sink.messages.count == 2 })
        let received = { (domain: String) in sink.messages.first { $0.contains("for <b@\(domain)>") } ?? "" }
        #expect(received("tls.example").contains("ESMTPS"), "\(received("tls.example"))")
        #expect(!received("example.com").contains("ESMTPS"))
    }
}
