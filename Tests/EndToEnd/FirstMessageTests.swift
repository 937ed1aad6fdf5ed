import Foundation
import GatewayTestKit
import Testing

/// What the README promises: the demonstration takes a message, filters it, explains it, delivers it.
@Suite(.serialized) struct FirstMessageTests {
    @Test(.enabled(if: Tool.isStaged)) func theDemonstrationDeliversAndExplains() throws {
        let folder = try TemporaryFolder()
        let daemon = try Daemon([Tool.postern, "run"], log: folder.path + "/log", directory: folder.path)
        defer { daemon.stop() }
        try #require(Tool.wait { Tool.isListening(2525) }, "\(daemon.text)")
        let sent = try Tool.run(
            [Tool.postern, "send", "--server", "127.0.0.1:2525", "--to", "anyone@example.com", "--subject", "Hello from a test"],
            directory: folder.path)
        #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
        let id = try #require(GatewayUnderTest.queueID(sent.output), "\(sent.output)")

        #expect(Tool.wait { daemon.text.contains("Hello from a test") }, "the sink shows it: \(daemon.text)")
        #expect(
            try Tool.wait {
                try Tool.run([Tool.postern, "trace", id], directory: folder.path).output.contains("delivered")
            })
        let trace = try Tool.run([Tool.postern, "trace", id], directory: folder.path).output
        for word in ["anyone@example.com", "hello-c", "HELLO", "127.0.0.1", "accept"] {
            #expect(trace.contains(word), "\(word) in \(trace)")
        }
        #expect(try Tool.run([Tool.postern, "plugin", "list"], directory: folder.path).output.contains("rbl"))
        #expect(try Tool.run([Tool.postern, "trace", "0000000000001"], directory: folder.path).status == 1)
    }

    /// A client that the demonstration's list names is weighed by the domain.
    @Test(.enabled(if: Tool.isStaged)) func aListedClientIsWeighed() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let zone = #"{"2.0.0.127.rbl.example": {"A": ["127.0.0.2"]}}"#
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: []\nthresholds: {tag: 3, quarantine: 7}",
            more: "edge: [{rbl: {ask_private: true, zones: {rbl.example: {127.0.0.2: 4}}}}]", zone: zone)
        try gateway.start()
        defer { gateway.stop() }
        let script = """
            import smtplib
            for source in ('127.0.0.1', '127.0.0.2'):
                s = smtplib.SMTP('127.0.0.1', \(gateway.port), source_address=(source, 0))
                s.sendmail('a@sender.example', ['b@example.com'], 'Subject: from ' + source + '\\r\\n\\r\\nx\\r\\n'); s.quit()
            """
        #expect(try Tool.run(["python3", "-c", script]).status == 0)
        #expect(Tool.wait { sink.messages.count == 2 })
        let listed = try #require(sink.messages.first { $0.contains("Subject: from 127.0.0.2") })
        let other = try #require(sink.messages.first { $0.contains("Subject: from 127.0.0.1") })
        #expect(listed.contains("X-Postern-Symbols: RBL_RBL(4)"), "\(listed)")
        #expect(listed.contains("X-Postern-Disposition: tag"))
        #expect(other.contains("X-Postern-Disposition: accept") && !other.contains("RBL_RBL"), "\(other)")
    }
}
