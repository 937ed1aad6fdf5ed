import Foundation
import Testing

/// What becomes of a gateway that dies: another takes its place on the same sockets, and a message that ends it twice is not read again.
@Suite(.serialized) struct SupervisorTests {
    @Test(.enabled(if: Tool.isStaged)) func aMessageThatEndsTheGatewayTwiceIsQuarantinedUnseen() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe()
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [probe]", probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        let supervisor = try #require(gateway.daemon).process.pid
        let knocks = Knocks(on: gateway.port)
        var pids: Set<pid_t?> = [gateway.pid]
        for round in 1...2 {
            // The client sees its connection end, and nothing else.
            let lost = try gateway.send(fields: ["Probe-Do: trap"])[0]
            #expect(lost.contains("Disconnected"), "\(lost)")
            // Nobody waits for a port: the next connection is answered as soon as the next gateway is there.
            #expect(try gateway.send(text: "other mail, round \(round)")[0].hasPrefix("250"))
            pids.insert(gateway.pid)
            let log = try #require(gateway.daemon).text
            #expect(log.contains("the gateway ended with SIGILL: started again"), "\(log.suffix(2000))")
            #expect(log.contains("in filter probe at data over message "), "\(log.suffix(2000))")
        }
        #expect(pids.count == 3 && !pids.contains(nil))
        #expect(try #require(gateway.daemon).process.pid == supervisor && gateway.daemon?.process.isRunning == true)

        let reply = try gateway.send(fields: ["Probe-Do: trap"])[0]
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply)")
        #expect(pids.contains(gateway.pid), "nothing died")
        let kept = try gateway.json("quarantine", "list")
        #expect(kept.map { $0["id"] as? String } == [id])
        let reason = "ended the gateway twice, last in filter probe at data: not inspected"
        let trace = try gateway.command("trace", id).output
        #expect(trace.contains(reason), "\(trace)")
        let receipt = try #require(gateway.json("trace", id).first?["json"] as? [String: Any])
        #expect((receipt["filters"] as? [Any])?.isEmpty == true)

        knocks.end()
        #expect(knocks.answered > 10 && knocks.refused == 0, "\(knocks.answered) answered, \(knocks.refused) refused")
        #expect(Tool.wait { sink.messages.count { $0.contains("other mail") } == 2 }, "\(sink.messages)")
        #expect(!sink.messages.contains { $0.contains("Probe-Do") })

        // The strikes outlive an orderly restart.
        #expect(try gateway.command("restart").status == 0)
        #expect(try gateway.send(fields: ["Probe-Do: trap"])[0].hasPrefix("250"))
        #expect(try gateway.json("quarantine", "list").count == 2)
        // Another message is another message.
        #expect(try gateway.send(fields: ["Probe-Do: trap", "X: y"])[0].contains("Disconnected"))
        #expect(try gateway.send()[0].hasPrefix("250"))
    }

    @Test(.enabled(if: Tool.isStaged)) func aKilledGatewayIsReplacedAndNothingIsLostOrHeldAgainstAnybody() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start()
        defer { gateway.stop() }
        let knocks = Knocks(on: gateway.port)
        var accepted: Set<String> = []
        var pids: Set<pid_t> = []
        for _ in 1...3 {
            accepted.formUnion(try gateway.send(count: 3).compactMap(GatewayUnderTest.queueID))
            let pid = try #require(gateway.pid)
            pids.insert(pid)
            kill(pid, SIGKILL)
            #expect(Tool.wait { gateway.pid != nil && gateway.pid != pid })
        }
        accepted.formUnion(try gateway.send(count: 3).compactMap(GatewayUnderTest.queueID))
        #expect(pids.count == 3 && accepted.count == 12)
        #expect(Set(try gateway.json("queue", "list").compactMap { $0["id"] as? String }) == accepted)
        knocks.end()
        #expect(knocks.answered > 10 && knocks.refused == 0, "\(knocks.answered) answered, \(knocks.refused) refused")
        #expect(try #require(gateway.daemon).text.contains("SIGKILL"))
        #expect(!FileManager.default.fileExists(atPath: gateway.data + "/strikes"))
    }

    @Test(.enabled(if: Tool.isStaged)) func aGatewayWithoutItsSupervisorStops() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start()
        let pid = try #require(gateway.pid)
        gateway.stop(SIGKILL)
        #expect(Tool.wait { kill(pid, 0) != 0 || Tool.isZombie(pid) })
        #expect(!Tool.isListening(gateway.port))
        // Gracefully: its control socket is cleared away.
        #expect(!FileManager.default.fileExists(atPath: gateway.control))
    }

    /// The descriptor limit is the hard one: 10,000 sessions must not end at 1024.
    @Test(.enabled(if: Tool.isStaged)) func descriptorsAreAsManyAsAllowed() throws {
        let gateway = try GatewayUnderTest(nextHop: Tool.freePort())
        try gateway.start()
        defer { gateway.stop() }
        let limits = try String(contentsOfFile: "/proc/\(try #require(gateway.pid))/limits", encoding: .utf8)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
        let words = line.split(separator: " ")
        #expect(words[3] == words[4], "\(line)")
    }
}
