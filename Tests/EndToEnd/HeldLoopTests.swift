import Foundation
import Testing

/// A plugin that says it never blocks, and does: it holds up all that shares its thread.
@Suite(.serialized) struct HeldLoopTests {
    private func probe() throws -> Probe {
        let probe = try Probe("faulty")
        try probe.changeManifest("faulty", "\"blocking\"", to: "\"nonblocking\"")
        return probe
    }

    /// In a worker it is that plugin's own mail that waits, until the worker is ended: by the slot's timeout, or by the worker's silence.
    @Test(.enabled(if: Tool.isStaged)) func inAWorker() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {timeout: 1s}}]", more: "workers: {grace: 500ms, heartbeat: 3s}",
            probe: try probe())
        try gateway.writeDomain("filters: [{faulty: {timeout: 300s}}]", domain: "other.example")
        try gateway.start()
        defer { gateway.stop() }
        for (to, code, why) in [("b@example.com", "451", "did not come back"), ("b@other.example", "250", "did not answer for 3.0s")] {
            let flow = Flow(gateway, each: 3, to: "c@other.example")
            let reply = try gateway.send(to: [to], fields: ["Fault: hang"])[0]
            #expect(reply.hasPrefix(code), "\(reply)")
            let replies = flow.finish()
            #expect(replies.count == 12 && replies.allSatisfy { $0.hasPrefix("250") }, "\(why): \(replies)")
            #expect(Tool.wait { gateway.lines(why).contains { $0.contains("plugin=faulty") } }, "\(gateway.logText)")
        }
        // Of the second the slot says nothing else than that a crash is quarantined.
        #expect(Tool.wait { sink.messages.count { $0.contains("Judged: 0") } == 24 }, "\(sink.messages.count)")
        #expect(sink.messages.count == 24)
        let held = try #require(try gateway.json("quarantine", "list").first?["id"] as? String)
        let told = try #require(gateway.lines("ended two workers").first, "\(gateway.logText)")
        #expect(told.contains("id=\(held)") && told.contains("filter=faulty"), "\(told)")
    }

    /// In the gateway's process it holds an event loop. A call that comes back is named; one that does not ends the process, as a crash would.
    @Test(.enabled(if: Tool.isStaged)) func inTheGateway() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {home: host, timeout: 1s}}]", probe: try probe())
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, each: 3)
        let reply = try gateway.send(fields: ["Fault: block"])[0]
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply)")
        sink.expectDelivered(flow.finish() + [reply], 13)
        let told = try #require(gateway.lines("held its event loop for").first, "\(gateway.logText)")
        for word in ["plugin=faulty", "filter=faulty", "id=\(id)"] { #expect(told.contains(word), "\(told)") }

        let first = try #require(gateway.pid)
        Thread { _ = try? gateway.send(fields: ["Fault: hang"]) }.start()
        #expect(Tool.wait(120) { !gateway.lines("does not come back").isEmpty }, "\(gateway.logText)")
        for word in ["has not answered for 2 s", "does not come back"] {
            #expect(gateway.lines(word).contains { $0.contains("filter faulty at data over message") }, "\(gateway.lines(word))")
        }
        // The next one knows what the last one died of, and takes mail.
        #expect(Tool.wait(60) { !gateway.lines("ended by SIGTRAP in filter faulty at data").isEmpty }, "\(gateway.logText)")
        #expect(Tool.wait(60) { gateway.pid.map { $0 != first } == true && Tool.isListening(gateway.control) })
        let after = Flow(gateway, each: 3).finish()
        #expect(after.count == 12 && after.allSatisfy { $0.hasPrefix("250") }, "\(after)")
        #expect(Tool.wait { sink.messages.count { $0.contains("Judged: 0") } == 25 }, "\(sink.messages.count)")
    }
}
