import Foundation
import Testing

/// Faults that end nothing: what a shadow does counts for nothing, and what is too much is cut off and said.
@Suite(.serialized) struct FaultySlotTests {
    @Test(.enabled(if: Tool.isStaged)) func aShadowThatFailsIsAsIfItWereNotThere() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {shadow: true, timeout: 1s}}]", more: "workers: {grace: 500ms}",
            probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        for (number, (fault, result)) in [("segfault", "crash"), ("exit", "crash"), ("hang", "timeout"), ("none", "done")].enumerated() {
            // Three failures of one network keep its mail from the plugin.
            let reply = try gateway.send(fields: ["Fault: \(fault)"], text: "with \(fault)", client: "127.0.\(number).1")[0]
            let id = try #require(GatewayUnderTest.queueID(reply), "\(fault): \(reply)")
            #expect(Tool.wait { sink.messages.contains { $0.contains("with \(fault)") } }, "\(fault)")
            let receipt = try #require(
                try gateway.json("trace", id).first { $0["kind"] as? String == "inspected" }?["json"] as? [String: Any])
            let filter = try #require((receipt["filters"] as? [[String: Any]])?.first)
            #expect(filter["result"] as? String == result && filter["shadow"] as? Bool == true, "\(fault): \(filter)")
            let copy = try #require((receipt["recipients"] as? [[String: Any]])?.first)
            #expect(copy["disposition"] as? String == "accept" && (copy["score"] as? Double ?? 0) == 0, "\(fault): \(copy)")
            let trace = try gateway.command("trace", id).output
            #expect(!trace.contains("PLUGIN_FAULTY") && trace.contains("shadow: "), "\(trace)")
            #expect(
                Tool.wait { gateway.lines("event=shadow").contains { $0.contains(id) && $0.contains("result=\(result)") } },
                "\(gateway.logText)")
        }
        #expect(try gateway.json("quarantine", "list").isEmpty)
        #expect(sink.messages.count == 4 && sink.messages.allSatisfy { !$0.contains("Judged") }, "\(sink.messages)")
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["worker", "host"]) func aFloodOfLogsHasItsBound(_ home: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {home: \(home)}}]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, each: 3)
        let flood = try #require(GatewayUnderTest.queueID(try gateway.send(fields: ["Fault: log"])[0]))
        let replies = flow.finish()
        let after = try #require(GatewayUnderTest.queueID(try gateway.send(text: "afterwards")[0]))
        sink.expectDelivered(replies + ["250", "250"], 14)
        // Two windows of ten seconds at most.
        #expect((64...200).contains(gateway.lines("flood ").count), "\(gateway.lines("flood ").count)")
        #expect(gateway.lines("flood 63").contains { $0.contains("id=\(flood)") } && gateway.lines("flood 64").isEmpty)
        for what in ["logs more than 64 lines in one run", "logs more than 100 lines in 10 s"] {
            #expect(
                gateway.lines(what).contains { $0.contains("plugin=faulty") && $0.contains("left out") }, "\(gateway.lines("left out"))")
        }
        // What the gateway itself says is all there.
        for id in replies.compactMap(GatewayUnderTest.queueID) + [flood, after] {
            #expect(Tool.wait { gateway.lines("event=").contains { $0.contains(id) } }, "\(id)")
        }
        let faulty = try gateway.json("plugin", "list").first { $0["id"] as? String == "faulty" }
        #expect((faulty?["faults"] as? Int ?? 0) > 0, "\(String(describing: faulty))")
    }
}
