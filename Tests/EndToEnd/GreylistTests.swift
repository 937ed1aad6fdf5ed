import Foundation
import Testing

/// Who is new waits, over a restart and a power cut; whom one of ours has written to does not.
@Suite(.serialized) struct GreylistTests {
    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"]) func waitsOverAPowerCutAndIsLetIn(_ home: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [{greylist: {home: \(home), delay: 2s, networks: 0}}]")
        try gateway.start()
        defer { gateway.stop() }
        let first = try gateway.send()[0]
        #expect(first == "450 4.7.1 Greylisted, try again in 2 seconds", "\(first)")
        #expect(Tool.wait { gateway.logText.contains("greylist proposed defer") }, "\(gateway.logText)")
        // Killed at once: it knows the triplet still.
        try gateway.cut()
        try gateway.start()
        var reply = ""
        #expect(
            Tool.wait {
                reply = (try? gateway.send()[0]) ?? ""
                return reply.hasPrefix("250")
            }, "\(reply)")
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply)")
        let trace = try gateway.command("trace", id).output
        #expect(trace.contains("GREYLIST_PASSED") && trace.contains("came back after"), "\(trace)")
        #expect(try gateway.send()[0].hasPrefix("250"))
        #expect(try gateway.send(from: "new@sender.example")[0].hasPrefix("450"))
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"])
    func correspondentsAreLearntFromWhatIsSent(_ home: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port,
            domain: """
                filters: [{greylist: {home: \(home), delay: 1h}}]
                outbound: {filters: [{greylist: {home: \(home)}}], networks: [127.0.0.0/8], deliver_to: [{host: 127.0.0.1, port: \(sink.port), tls: never}]}
                """, named: ["out": "role: outbound, auth: off"])
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.send(from: "friend@other.example")[0].hasPrefix("450"))
        let sent = try Tool.run([
            "swaks", "--server", "127.0.0.1:\(gateway.port("out"))", "--from", "b@example.com", "--to", "friend@other.example",
        ])
        try #require(sent.status == 0, "\(sent.output)\(sent.errors)")
        var reply = ""
        #expect(
            Tool.wait {
                reply = (try? gateway.send(from: "friend@other.example")[0]) ?? ""
                return reply.hasPrefix("250")
            }, "\(reply)")
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply)")
        #expect(try gateway.command("trace", id).output.contains("the recipient has written to the sender before"))
        #expect(try gateway.send(from: "stranger@other.example")[0].hasPrefix("450"))
    }

    /// A shadow is seen in trace, scan and log, and lets everybody in.
    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"]) func asAShadowItOnlyTells(_ home: String) throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [{greylist: {home: \(home), shadow: true}}]")
        try gateway.start()
        defer { gateway.stop() }
        let id = try #require(GatewayUnderTest.queueID(gateway.send()[0]))
        let trace = try gateway.command("trace", id).output
        #expect(trace.contains("shadow: would have counted GREYLIST_WAITS(0), defer"), "\(trace)")
        #expect(Tool.wait { gateway.logText.contains("event=shadow") }, "\(gateway.logText)")
        let file = gateway.folder.path + "/a.eml"
        try "Subject: x\r\n\r\nHello\r\n".write(toFile: file, atomically: true, encoding: .utf8)
        let scan = try Tool.run([
            Tool.postern, "scan", "--config", gateway.configuration, "--client", "192.0.2.1", "--from", "a@sender.example", "--to",
            "b@example.com", file,
        ])
        #expect(scan.status == 0 && scan.output.contains("shadow: would have counted"), "\(scan.output)\(scan.errors)")
        #expect(try gateway.command("filters", "example.com").output.contains("shadow"))
    }
}
