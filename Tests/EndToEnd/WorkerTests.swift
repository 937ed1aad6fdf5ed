import Foundation
import GatewayTestKit
import Testing

/// Faults in workers, through the live gateway: each costs its own message what the slot's settings say, and no other mail anything.
@Suite(.serialized) struct WorkerTests {
    private func queueID(in line: String?) -> String? {
        line.flatMap { $0.range(of: "id=").map { String($0.upperBound < line!.endIndex ? line![$0.upperBound...].prefix(13) : "") } }
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["segfault", "abort", "exit", "garbage", "close"])
    func whatEndsAWorkerCostsOneMessage(_ fault: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [faulty]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, each: 5)
        let reply = try gateway.send(fields: ["Fault: \(fault)"])[0]
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply) \(gateway.daemon?.text ?? "")")
        sink.expectDelivered(flow.finish(), 20)
        #expect(try gateway.json("quarantine", "list").map { $0["id"] as? String } == [id])
        #expect(try Tool.wait { try gateway.command("trace", id, "--json").output.contains("PLUGIN_FAULTY_CRASH") })

        // Who did it, where, and to whom.
        #expect(gateway.lines("died: ").first { $0.contains("plugin=faulty") && $0.firstMatch(of: /worker \d+/) != nil } != nil)
        let told = try #require(gateway.lines("ended two workers").first, "\(gateway.daemon?.text ?? "")")
        for word in ["plugin=faulty", "filter=faulty", "id=\(id)"] { #expect(told.contains(word), "\(told)") }
        #expect(told.firstMatch(of: /second \d+ alone/) != nil, "\(told)")

        // It comes again, and is not shown to the plugin again.
        let died = gateway.lines("died: ").count
        #expect(try gateway.send(fields: ["Fault: \(fault)"])[0].hasPrefix("250"))
        #expect(try gateway.json("quarantine", "list").count == 2)
        #expect(gateway.lines("died: ").count == died && gateway.lines("ended two workers").count == 1)
    }

    @Test(.enabled(if: Tool.isStaged)) func whatIsStoppedCostsNothing() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [faulty]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        let faults = ["fork", "truncate", "symbols"]
        for fault in faults { #expect(try gateway.send(fields: ["Fault: \(fault)"])[0].hasPrefix("250")) }
        #expect(try gateway.send(text: "afterwards")[0].hasPrefix("250"))
        #expect(Tool.wait { sink.messages.count == faults.count + 1 })
        #expect(sink.messages.count { $0.contains("Stopped: yes") } == faults.count, "\(sink.messages)")
        #expect(gateway.lines("died: ").isEmpty)
        // The one that it had not declared is counted, and named where the message's verdicts are.
        let faulty = try gateway.json("plugin", "list").first { $0["id"] as? String == "faulty" }
        #expect((faulty?["faults"] as? Int ?? 0) > 0, "\(String(describing: faulty))")
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["hang", "print"])
    func whatNeverReturnsCostsOneMessage(_ fault: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [{faulty: {timeout: 1s}}]", probe: Probe("faulty"))
        // The same worker, but no hurry: a slow machine fails nobody else's mail.
        try gateway.writeDomain("filters: [{faulty: {timeout: 300s}}]", domain: "other.example")
        try gateway.start()
        defer { gateway.stop() }
        let flow = Flow(gateway, each: 5, to: "c@other.example")
        let reply = try gateway.send(fields: ["Fault: \(fault)"])[0]
        #expect(reply.hasPrefix("451"), "\(reply)")
        sink.expectDelivered(flow.finish(), 20)
        #expect(Tool.wait { !gateway.lines("did not come back").isEmpty }, "\(gateway.daemon?.text ?? "")")
        let told = try #require(gateway.lines("did not come back").first)
        for word in ["plugin=faulty", "filter=faulty"] { #expect(told.contains(word), "\(told)") }
        #expect(told.firstMatch(of: /worker \d+/) != nil, "\(told)")
        let id = try #require(queueID(in: told), "\(told)")
        #expect(try gateway.command("trace", id, "--json").output.contains("PLUGIN_FAULTY_TIMEOUT"))
        // What is printed has its bound in the log.
        #expect(gateway.lines("printed: ").count < 1000)
        #expect(try gateway.send(to: ["c@other.example"], text: "afterwards")[0].hasPrefix("250"))
    }

    @Test(.enabled(if: Tool.isStaged)) func aRequiredFilterThatCrashesNeverEndsInDelivery() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {on_crash: skip, required: true}}]", probe: Probe("faulty"))
        try gateway.writeDomain("filters: [{faulty: {on_crash: skip}}]", domain: "other.example")
        try gateway.start()
        defer { gateway.stop() }
        let reply = try gateway.send(fields: ["Fault: segfault"], text: "required")[0]
        #expect(reply.hasPrefix("451"), "\(reply)")
        #expect(try gateway.send(to: ["c@other.example"], fields: ["Fault: segfault"], text: "not required")[0].hasPrefix("250"))
        #expect(Tool.wait { sink.messages.contains { $0.contains("not required") } })
        #expect(sink.messages.count == 1)
    }

    /// After a crash its plugin has to load again, for longer than its slot's timeout: mail waits with its senders, and none is lost.
    @Test(.enabled(if: Tool.isStaged)) func aPluginThatLoadsSlowlyLosesNothing() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe("faulty")
        try probe.compile("faulty", options: ["-DPOSTERN_LOAD_SECONDS=3"])
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{faulty: {timeout: 1s, on_timeout: defer, on_crash: quarantine}}]", probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        // Each as its sender would: again until it is taken.
        func untilTaken(_ fields: [String], _ text: String) throws -> [String] {
            var replies: [String] = []
            _ = try Tool.wait {
                replies.append(try gateway.send(fields: fields, text: text)[0])
                return !replies.last!.hasPrefix("451")
            }
            return replies
        }
        let faulty = try untilTaken(["Fault: segfault"], "faulty")
        #expect(faulty.count > 1 && faulty.last?.hasPrefix("250") == true, "\(faulty)")
        let harmless = try untilTaken([], "harmless")
        #expect(harmless.last?.hasPrefix("250") == true, "\(harmless)")
        #expect(Tool.wait { sink.messages.contains { $0.contains("harmless") } })
        #expect(try gateway.json("quarantine", "list").count == 1)
        #expect(sink.messages.count == 1)
    }

    @Test(.enabled(if: Tool.isStaged)) func aPluginThatRestsIsListedAsSuch() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [{faulty: {on_error: skip}}]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop() }
        func plugin() throws -> [String: Any]? { try gateway.json("plugin", "list").first { $0["id"] as? String == "faulty" } }
        #expect(try plugin()?["rests_until"] == nil)
        for n in 1...5 {
            #expect(try gateway.send(fields: ["Fault: segfault"], text: "message \(n)", client: "127.0.\(n).1")[0].hasPrefix("250"))
        }
        let rests = try #require(try plugin())
        #expect((rests["rests_until"] as? String)?.hasSuffix("Z") == true, "\(rests)")
        #expect((rests["rest_reason"] as? String)?.contains("SIGSEGV") == true, "\(rests)")
        let text = try gateway.command("plugin", "list").output
        #expect(text.contains("faulty rests until 20") && text.contains("failed for several senders"), "\(text)")
        #expect(gateway.lines("rests for 60 s").count == 1)
        // It is not asked, and the mail goes on as the slot says.
        let id = try #require(GatewayUnderTest.queueID(gateway.send(text: "harmless")[0]))
        #expect(try gateway.command("trace", id, "--json").output.contains("PLUGIN_FAULTY_ERROR"))
    }

    /// What a message waits for in a worker is named: by what its worker asked for, else by the worker.
    @Test(.enabled(if: Tool.isStaged)) func inflightNamesTheWorker() throws {
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(), domain: "filters: [{faulty: {timeout: 300s}}]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop(SIGKILL) }
        Thread { _ = try? gateway.send(fields: ["Fault: hang"]) }.start()
        var waits: [[String: Any]] = []
        #expect(
            Tool.wait {
                waits = (try? gateway.json("inflight")) ?? []
                return !waits.isEmpty
            })
        let wait = try #require(waits.first)
        #expect(wait["filter"] as? String == "faulty" && wait["phase"] as? String == "data", "\(wait)")
        let worker = try #require(gateway.workers.first)
        #expect((wait["waits_for"] as? [String])?.contains { $0.hasPrefix("its worker (pid \(worker))") } == true, "\(wait)")
        #expect(try gateway.command("inflight").output.contains("pid \(worker)"))
    }
}
