import Foundation
import GatewayTestKit
import Testing

/// DNS lists asked of a real name server through libunbound.
@Suite(.serialized) struct RBLTests {
    /// RFC 5782 section 5: 127.0.0.2 is always listed, 127.0.0.1 never.
    private static func list(_ name: String) -> String { NSDServer.head(of: name) + "2.0.0.127 A 127.0.0.2\n" }

    @Test(.enabled(if: Tool.isStaged && NSDServer.isInstalled)) func listedAndNotAndUnreachable() throws {
        let names = (1...7).map { "list\($0).example" }
        let nsd = try NSDServer(zones: Dictionary(uniqueKeysWithValues: names.map { ($0, Self.list($0)) }))
        defer { nsd.stop() }
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        // nsd refuses what it has no zone for: the eighth list does not answer.
        let zones = (names + ["silent.example"]).map { "\($0): {127.0.0.2: \($0 == "list1.example" ? 4 : 0)}" }.joined(separator: ", ")
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: []\nscores: {RBL_LIST1: 2}\nthresholds: {tag: 5}",
            more: "edge: [{rbl: {wait: 5s, ask_private: true, zones: {\(zones)}}}]", dns: "{forward: [\"\(nsd.address)\"]}")
        try gateway.start()
        defer { gateway.stop() }

        func trace(from address: String) throws -> String {
            let sent = try Tool.run([
                "swaks", "--server", "127.0.0.1:\(gateway.port)", "--local-interface", address, "--from", "a@sender.example", "--to",
                "b@example.com",
            ])
            let id = try #require(GatewayUnderTest.queueID(sent.output), "\(sent.output)\(sent.errors)")
            return try gateway.command("trace", id).output
        }
        let listed = try trace(from: "127.0.0.2")
        for number in 1...7 { #expect(listed.contains("RBL_LIST\(number)"), "\(listed)") }
        #expect(listed.contains("+8") && listed.contains("tag, score 8"), "the domain's weight times the code's: \(listed)")
        #expect(listed.contains("list1.example returned 127.0.0.2"))
        #expect(listed.contains("RBL_UNREACHABLE") && listed.contains("silent.example"), "\(listed)")
        let clean = try trace(from: "127.0.0.1")
        #expect(!clean.contains("RBL_LIST") && clean.contains("RBL_UNREACHABLE") && clean.contains("accept, score 0"), "\(clean)")
        #expect(Tool.wait { sink.messages.count == 2 })
    }

    @Test(.enabled(if: Tool.isStaged && NSDServer.isInstalled)) func theEdgeRefusesInGenericWords() throws {
        let nsd = try NSDServer(zones: ["list.example": Self.list("list.example")])
        defer { nsd.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(),
            more: "edge: [{rbl: {ask_private: true, zones: {list.example: {127.0.0.2: 4}}}}]\nthresholds: {reject: 4}",
            dns: "{forward: [\"\(nsd.address)\"]}")
        try gateway.start()
        defer { gateway.stop() }
        let refused = try Tool.run([
            "swaks", "--server", "127.0.0.1:\(gateway.port)", "--local-interface", "127.0.0.2", "--from", "a@sender.example", "--to",
            "b@example.com",
        ])
        let reply = try #require(refused.output.split(separator: "\n").first { $0.contains("<** ") }, "\(refused.output)")
        #expect(reply.contains("55") && !reply.contains("list.example") && !reply.contains("RBL"), "\(reply)")
        #expect(
            Tool.wait { gateway.logText.contains("event=refused") && gateway.logText.contains("symbols=RBL_LIST(4)") }, "\(gateway.logText)"
        )
        #expect(try gateway.send()[0].hasPrefix("250"), "127.0.0.1 is not listed")
    }
}
