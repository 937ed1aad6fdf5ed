import Foundation
import Testing

/// The operator's hands on the queue, and the gateway's graceful end.
@Suite(.serialized) struct QueueTests {
    @Test(.enabled(if: Tool.isStaged)) func holdReleaseFlushDelete() throws {
        let port = Tool.freePort()
        let gateway = try GatewayUnderTest(nextHop: port, more: "")
        try gateway.start()
        defer { gateway.stop() }
        let ids = try gateway.send(count: 4).compactMap(GatewayUnderTest.queueID)
        try #require(ids.count == 4)
        #expect(try gateway.command("queue", "hold", ids[0]).status == 0)
        #expect(try gateway.command("queue", "delete", ids[1]).status == 0)
        #expect(try gateway.command("queue", "show", ids[0]).output.contains("held by"))
        #expect(try gateway.command("queue", "hold", "0000000000001").status == 1, "an unknown ID is told")

        let sink = try SinkUnderTest(port: port)
        defer { sink.stop() }
        #expect(try gateway.command("queue", "flush", "--all").status == 0)
        #expect(Tool.wait { sink.messages.count == 2 })
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty })
        #expect(try gateway.command("queue", "release", ids[0]).status == 0)
        #expect(Tool.wait { sink.messages.count == 3 })
        for (id, word) in [(ids[0], "released"), (ids[1], "deleted"), (ids[2], "delivered")] {
            #expect(try Tool.wait { try gateway.command("trace", id).output.contains(word) }, "\(id) \(word)")
        }
    }

    /// SIGTERM while mail flows, and SIGHUP before: every 250 is delivered, by this process or the next.
    @Test(.enabled(if: Tool.isStaged)) func aGracefulEndLosesNothing() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [hello-c]")
        try gateway.start()
        defer { gateway.stop() }
        try gateway.writeDomain("filters: [{hello-c: {name: after-hup}}]")
        kill(try #require(gateway.daemon).process.pid, SIGHUP)
        #expect(try Tool.wait { try gateway.command("filters", "example.com").output.contains("after-hup") })

        let source = try Daemon(
            [
                "/usr/sbin/smtp-source", "-s", "5", "-m", "5000", "-l", "3000", "-f", "a@sender.example", "-t", "b@example.com",
                "127.0.0.1:\(gateway.port)",
            ], log: gateway.folder.path + "/source")
        #expect(Tool.wait { sink.files.count > 20 })
        #expect(gateway.stop() == 0, "\(gateway.logText.suffix(500))")
        source.stop(SIGKILL)
        let accepted = Set(
            gateway.logText.split(separator: "\n").filter { $0.contains("event=received ") }.compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) }
            })
        #expect(accepted.count > 20)
        try gateway.start()
        #expect(try Tool.wait { try gateway.json("queue", "list", "--limit", "10000").isEmpty })
        let arrived = sink.messages
        #expect(arrived.count >= accepted.count)
        for id in accepted { #expect(arrived.contains { $0.contains(" id \(id)") }, "\(id) is lost") }
    }
}
