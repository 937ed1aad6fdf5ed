import Foundation
import Testing

/// Faults at a reload while mail flows: it is refused, the culprit is named, and nobody's mail notices.
@Suite(.serialized) struct ReloadFaultTests {
    /// In its constructor, which runs when it is mapped, or in `load`.
    @Test(.enabled(if: Tool.isStaged)) func aBuildThatCrashesWhenItIsLoaded() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe("faulty")
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [faulty]", probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        let before = gateway.workers
        let flow = Flow(gateway, clients: 2, each: nil)
        for place in ["CONSTRUCTOR", "LOAD"] {
            try probe.compile("faulty", options: ["-DPOSTERN_FAULT_IN_\(place)"])
            let refused = try gateway.command("reload")
            let said = refused.output + refused.errors
            #expect(refused.status == 1, "\(place): \(said)")
            for word in ["\(probe.path)/faulty.so", "ended while it started: SIGSEGV", "the old configuration stays"] {
                #expect(said.contains(word), "\(place): \(said)")
            }
            #expect(gateway.lines("ended while it started: SIGSEGV").contains { $0.contains("plugin=faulty") }, "\(gateway.logText)")
            #expect(gateway.workers == before)
        }
        try probe.compile("faulty", build: "2")
        #expect(try gateway.command("reload").status == 0)
        #expect(Tool.wait { sink.messages.contains { $0.contains("Judged: 2") } })
        let replies = flow.finish()
        #expect(replies.count > 10)
        sink.expectDelivered(replies, builds: ["0", "2"])
    }

    /// New settings end the worker that serves, or hold it up; it goes on with the old ones.
    @Test(.enabled(if: Tool.isStaged)) func settingsThatEndTheWorker() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe("faulty")
        let good = "filters: [{faulty: {timeout: 300s}}]"
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: good, more: "workers: {start: 3s}", probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, clients: 2, each: nil)
        for (label, why) in [("segfault", "ended when it was given the settings: SIGSEGV"), ("hang", "did not answer within 3.0s")] {
            let before = gateway.workers
            let sent = flow.replies.count
            try gateway.writeDomain("filters: [{faulty: {timeout: 300s, label: \(label)}}]")
            let refused = try gateway.command("reload")
            try gateway.writeDomain(good)
            let said = refused.output + refused.errors
            #expect(refused.status == 1, "\(label): \(said)")
            for word in ["\(probe.path)/faulty.so", why, "(filter faulty)", "the old configuration stays"] {
                #expect(said.contains(word), "\(label): \(said)")
            }
            // The one that served is gone, and another serves.
            #expect(Tool.wait { gateway.workers.count == 1 && gateway.workers != before }, "\(before) \(gateway.workers)")
            #expect(Tool.wait { flow.replies.count > sent + 10 })
        }
        #expect(gateway.lines("died: SIGSEGV").contains { $0.contains("plugin=faulty") }, "\(gateway.logText)")
        #expect(gateway.lines("died: did not answer for 3.0s").contains { $0.contains("plugin=faulty") }, "\(gateway.logText)")
        let replies = flow.finish()
        #expect(replies.allSatisfy { $0.hasPrefix("250") }, "\(gateway.lines("plugin=faulty").joined(separator: "\n"))")
        sink.expectDelivered(replies)
        #expect(try gateway.command("reload").status == 0)
        #expect(try gateway.json("quarantine", "list").isEmpty)
    }
}
