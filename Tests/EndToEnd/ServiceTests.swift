import Foundation
import GatewayTestKit
import Testing

/// The services of the ABI through the live gateway: Tests/SDK/services writes into each message what came of them.
@Suite(.serialized) struct ServiceTests {
    @Test(.enabled(if: Tool.isStaged), arguments: ["host", "worker"])
    func `each service, for each domain its own, and state outlives the gateway's death`(_ home: String) throws {
        let folder = try TemporaryFolder()
        try "hello".write(toFile: folder.path + "/answer", atomically: true, encoding: .utf8)
        let port = Tool.freePort()
        let web = try Daemon(
            ["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "\(port)", "--directory", folder.path],
            log: folder.path + "/web.log")
        defer { web.stop(SIGKILL) }
        try #require(Tool.wait { Tool.isListening(port) })
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let filters =
            "filters: [probe, {services: {home: \(home), server: \"http://127.0.0.1:\(port)/answer\"}}]\nscores: {PROBE: 2}\nthresholds: {tag: 50}"
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: filters, probe: Probe(), services: Probe("services"))
        try gateway.writeDomain(filters.replacingOccurrences(of: "PROBE: 2", with: "PROBE: 3"), domain: "other.example")
        try gateway.start()
        defer { gateway.stop() }

        /// What the filter wrote into the message with this text.
        func line(_ text: String, to: String = "b@example.com", fields: [String] = ["Probe-Score: 4"]) throws -> String {
            let reply = try gateway.send(to: [to], fields: fields, text: text)[0]
            try #require(reply.hasPrefix("250"), "\(reply) \(gateway.logText)")
            try #require(Tool.wait { sink.messages.contains { $0.contains(text) } })
            let message = try #require(sink.messages.first { $0.contains(text) })
            let unfolded = message.replacingOccurrences(of: "\r\n", with: "\n").replacingOccurrences(of: "\n ", with: " ")
                .replacingOccurrences(of: "\n\t", with: " ")
            return unfolded.split(separator: "\n").first { $0.hasPrefix("Services: ") }.map { String($0.dropFirst(10)) } ?? message
        }
        #expect(try line("message one") == "count=1 http=200 body=hello earlier=probe/PROBE=8 cached=0 token=thread")
        #expect(try line("message two", fields: []) == "count=2 http=200 body=hello earlier=- cached=1 token=thread")
        // Another domain: its own weights and its own state, though plugin and settings are the same.
        #expect(
            try line("message three", to: "c@other.example") == "count=1 http=200 body=hello earlier=probe/PROBE=12 cached=1 token=thread")
        // One message for both: each domain's count goes on.
        let both = try gateway.send(to: ["b@example.com", "c@other.example"], fields: [], text: "message four")[0]
        #expect(both.hasPrefix("250"))
        #expect(Tool.wait { sink.messages.count { $0.contains("message four") } == 2 })
        let counts = sink.messages.filter { $0.contains("message four") }.compactMap { $0.firstRange(of: "count=").map { $0.upperBound } }
        #expect(counts.count == 2)
        #expect(
            Set(sink.messages.filter { $0.contains("message four") }.map { $0.contains("count=3") ? 3 : $0.contains("count=2") ? 2 : 0 })
                == [2, 3])

        let page = try gateway.ask("/metrics")
        #expect(page.contains(#"postern_plugin_services_messages_total{seen="first"} 2"#), "\(page)")
        #expect(page.contains(#"postern_plugin_services_messages_total{seen="later"} 3"#))
        #expect(page.contains(#"postern_http_fetches_total{status="answered"} 5"#))

        // Killed at once: what was answered is known afterwards, what was cached is not.
        try gateway.cut()
        try gateway.start()
        #expect(try line("message five", fields: []) == "count=4 http=200 body=hello earlier=- cached=0 token=thread")
        // Without the server there is an answer too, in words.
        web.stop(SIGKILL)
        let refused = try line("message six", fields: [])
        #expect(refused.hasPrefix("count=5 http=0 body=") && refused.contains("connection refused"), "\(refused)")
    }

    /// `http: {trust_roots: FILE}`: an authority of one's own.
    @Test(.enabled(if: Tool.isStaged)) func whomHTTPSRequestsTrust() throws {
        let certificate = try Tool.certificate()
        try "hello".write(toFile: certificate.path + "/answer", atomically: true, encoding: .utf8)
        let port = Tool.freePort()
        let script = """
            import http.server, os, ssl
            os.chdir('\(certificate.path)')
            server = http.server.HTTPServer(('127.0.0.1', \(port)), http.server.SimpleHTTPRequestHandler)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain('cert.pem', 'key.pem')
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.serve_forever()
            """
        let web = try Daemon(["/usr/bin/python3", "-c", script], log: certificate.path + "/web.log")
        defer { web.stop(SIGKILL) }
        try #require(Tool.wait { Tool.isListening(port) }, "\(web.text)")
        for (more, word) in [("", "http=0"), ("http: {trust_roots: \(certificate.path)/cert.pem}", "http=200 body=hello")] {
            let sink = try SinkUnderTest()
            defer { sink.stop() }
            let gateway = try GatewayUnderTest(
                nextHop: sink.port,
                domain: "filters: [{services: {home: worker, server: \"https://mx.gateway.example:\(port)/answer\"}}]", more: more,
                zone: #"{"mx.gateway.example": {"A": ["127.0.0.1"]}}"#, services: Probe("services"))
            try gateway.start()
            defer { gateway.stop() }
            #expect(try gateway.send()[0].hasPrefix("250"))
            #expect(Tool.wait { sink.messages.count == 1 })
            #expect(sink.messages.first?.contains(word) == true, "\(sink.messages)")
        }
    }
}
