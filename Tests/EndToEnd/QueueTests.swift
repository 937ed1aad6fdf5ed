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

    /// Filters, order, paging, the message itself, and what each command says of itself.
    @Test(.enabled(if: Tool.isStaged)) func operationsByPattern() throws {
        let port = Tool.freePort()
        let gateway = try GatewayUnderTest(nextHop: port)
        try gateway.start()
        defer { gateway.stop() }
        let ids = try gateway.send(count: 6).compactMap(GatewayUnderTest.queueID)
        try #require(ids.count == 6)
        let recipient = "b@example.com"

        #expect(try gateway.json("queue", "list", "--to", recipient.uppercased()).count == 6)
        #expect(try gateway.json("queue", "list", "--to", "nobody@*").isEmpty)
        #expect(try gateway.json("queue", "list", "--older-than", "1h").isEmpty)
        #expect(
            try gateway.json("queue", "list", "--limit", "2", "--after", ids[1]).compactMap { $0["id"] as? String } == [ids[2], ids[3]])
        #expect(
            try gateway.json("queue", "list", "--sort", "newest", "--limit", "2").compactMap { $0["id"] as? String } == [ids[5], ids[4]])
        for wrong in [
            ["queue", "hold"], ["queue", "hold", ids[0], "--all"], ["queue", "list", "--older-than", "soon"],
            ["queue", "delete", "--to", ""],
            ["queue", "flush", "--state", "quarantined", "--all"], ["queue", "show", ids[0], ids[1], "--message"],
            ["quarantine", "expire"],
        ] {
            let result = try Tool.run([Tool.postern] + wrong + ["--control", gateway.control])
            #expect(result.status == 2, "\(wrong): \(result.output)")
        }

        // The next hop is not there: down, with the words of who tried.
        #expect(try Tool.wait { try gateway.json("queue", "summary").first?["state"] as? String == "down" })
        let summary = try #require(try gateway.json("queue", "summary").first)
        #expect(summary["destination"] as? String == "example.com" && summary["queued"] as? Int == 6)
        #expect((summary["words"] as? String)?.contains("127.0.0.1") == true)
        #expect(try gateway.command("queue", "summary").output.contains("next probe"))
        #expect(try gateway.command("queue", "show", ids[0]).output.contains("goes to example.com, next attempt"))
        let tried = try gateway.command("trace", ids[0]).output
        #expect(tried.contains("delays before/queue/connect/send") && tried.contains("deferred to <"), "\(tried)")
        #expect(try gateway.command("queue", "show", ids[0], "--header").output.contains("Subject:"))
        #expect(try gateway.command("queue", "show", ids[0], "--message").output.hasSuffix("\r\n"))

        #expect(try gateway.json("queue", "hold", "--domain", "exam*.com").first?["changed"] as? Int == 6)
        #expect(try gateway.json("queue", "list").isEmpty)
        #expect(try gateway.json("quarantine", "search", "held by").count == 6)
        #expect(try gateway.json("queue", "delete", "--all").first?["changed"] as? Int == 0, "what is in quarantine is not meant")
        #expect(try gateway.json("quarantine", "delete", ids[0]).first?["changed"] as? Int == 1)
        #expect(try gateway.json("quarantine", "expire", "--older-than", "1d").first?["changed"] as? Int == 0)
        #expect(try gateway.json("queue", "release", "--to", "*").first?["messages"] as? Int == 5)
        #expect(try gateway.json("queue", "requeue", "--all").first?["changed"] as? Int == 5)

        let sink = try SinkUnderTest(port: port)
        defer { sink.stop() }
        #expect(try gateway.json("queue", "requeue", "--inspect", ids[1]).first?["changed"] as? Int == 1)
        #expect(try gateway.command("queue", "flush", "--all").status == 0)
        #expect(Tool.wait { sink.messages.count == 5 })
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty && gateway.json("queue", "summary").isEmpty })
        #expect(try Tool.wait { try gateway.command("trace", ids[1]).output.contains("reinspected") })
        #expect(try gateway.command("trace", ids[2]).output.contains("delivered"))
    }
}
