import Foundation
import Testing

/// What filters say becomes what the architecture promises, for each recipient.
@Suite(.serialized) struct DispositionTests {
    private static let domain = "filters: [probe]\nthresholds: {tag: 5, quarantine: 7, reject: 20}"

    @Test(.enabled(if: Tool.isStaged)) func eachDisposition() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: Self.domain, probe: Probe())
        try gateway.start()
        defer { gateway.stop() }

        func send(_ field: String) throws -> String { try gateway.send(fields: [field], text: field).first ?? "" }
        #expect(try send("Probe-Score: 4").hasPrefix("250"))
        #expect(try send("Probe-Score: 5").hasPrefix("250"))
        let kept = try #require(GatewayUnderTest.queueID(send("Probe-Score: 7")))
        let thrown = try #require(GatewayUnderTest.queueID(send("Probe-Do: quarantine")))
        let byScore = try send("Probe-Score: 20")
        #expect(byScore.hasPrefix("550") && !byScore.contains("PROBE"), "generic words: \(byScore)")
        #expect(try send("Probe-Do: reject").hasPrefix("550 5.7.1 The probe says no"))
        #expect(try send("Probe-Do: defer").hasPrefix("451 4.7.1 The probe says later"))
        let dropped = try send("Probe-Do: discard")
        #expect(dropped.hasPrefix("250"), "\(dropped)")

        #expect(try Tool.wait { try sink.messages.count == 2 && gateway.json("queue", "list").isEmpty })
        let tagged = try #require(sink.messages.first { $0.contains("Probe-Score: 5") })
        #expect(tagged.contains("\nX-Postern-Disposition: tag"), "\(tagged)")
        #expect(!sink.messages.contains { $0.contains("Probe-Score: 4") && $0.contains("X-Postern-Disposition: tag") })
        if let id = GatewayUnderTest.queueID(dropped) {
            #expect(try gateway.command("trace", id).output.contains("discard"))
        }

        // The quarantine: listed, shown with its reason, released and delivered, deleted.
        #expect(Set(try gateway.json("quarantine", "list").compactMap { $0["id"] as? String }) == [kept, thrown])
        #expect(try gateway.command("quarantine", "show", thrown).output.contains("the probe says keep"))
        #expect(try gateway.command("quarantine", "release", kept).status == 0)
        #expect(Tool.wait { sink.messages.contains { $0.contains("Probe-Score: 7") } })
        #expect(try gateway.command("quarantine", "delete", thrown).status == 0)
        #expect(try gateway.json("quarantine", "list").isEmpty)
        #expect(try gateway.command("quarantine", "release", thrown).status == 1)
        #expect(sink.messages.count == 3)
    }

    @Test(.enabled(if: Tool.isStaged)) func acceptedForOneAndRejectedForAnother() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: Self.domain, probe: Probe())
        try gateway.writeDomain("filters: [probe]\nthresholds: {reject: 6}", domain: "strict.example")
        try gateway.start()
        defer { gateway.stop() }
        let reply = try gateway.send(to: ["b@example.com", "c@strict.example"], fields: ["Probe-Score: 6"])[0]
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply)")
        let copies = try #require(gateway.json("quarantine", "list").first?["recipients"] as? [[String: Any]])
        let kept = try #require(copies.first { $0["address"] as? String == "c@strict.example" })
        #expect(kept["state"] as? String == "quarantined" && (kept["reason"] as? String ?? "").contains("reject"), "\(kept)")
        #expect(Tool.wait { sink.messages.count == 1 })
        #expect(try Tool.wait { try gateway.command("trace", id).output.contains("delivered to <b@example.com>") })
        #expect(!sink.messages[0].contains("strict.example"))
        #expect(try gateway.send(to: ["c@strict.example"], fields: ["Probe-Score: 6"])[0].hasPrefix("550"))
    }

    /// Nobody loses mail because a filter is out of order: what others got is judged again for those whose filter was.
    @Test(.enabled(if: Tool.isStaged)) func acceptedForOneAndDeferredForAnother() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let broken = try Switch()
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: []", probe: Probe())
        try gateway.writeDomain("filters: [{probe: {broken: \(broken.path), on_error: defer}}]", domain: "careful.example")
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.send(to: ["c@careful.example"])[0].hasPrefix("451"))

        let id = try #require(GatewayUnderTest.queueID(gateway.send(to: ["b@example.com", "c@careful.example"])[0]))
        #expect(Tool.wait { sink.messages.count == 1 })
        #expect(try gateway.command("trace", id).output.contains("the probe is out of order"))
        #expect(try gateway.command("queue", "list", "--state", "held").output.contains(id))
        try broken.turnOff()
        #expect(try gateway.command("queue", "flush", id).status == 0)
        #expect(Tool.wait { sink.messages.count == 2 }, "judged again and delivered")
        #expect(
            try Tool.wait {
                let trace = try gateway.command("trace", id).output
                return trace.contains("reinspected") && trace.contains("delivered to <c@careful.example>")
            })
    }

    @Test(.enabled(if: Tool.isStaged)) func aFilterThatNeverCompletesIsNamed() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let stuck = try Switch()
        let gateway = try GatewayUnderTest(
            nextHop: sink.port,
            domain: "filters: [{probe: {name: culprit, stuck: \(stuck.path), timeout: 200ms, on_timeout: skip}}, hello-c]", probe: Probe())
        try gateway.start()
        defer { gateway.stop() }
        let id = try #require(GatewayUnderTest.queueID(gateway.send()[0]))
        let trace = try gateway.command("trace", id).output
        let line = try #require(trace.split(separator: "\n").first { $0.contains("culprit") && $0.contains("timeout") }, "\(trace)")
        #expect(line.contains("at data"))
        #expect(trace.contains("PLUGIN_CULPRIT_TIMEOUT"))
        #expect(Tool.wait { sink.messages.count == 1 })
        try stuck.turnOff()
        let next = try #require(GatewayUnderTest.queueID(gateway.send()[0]))
        #expect(try !gateway.command("trace", next).output.contains("timeout"))
    }
}
