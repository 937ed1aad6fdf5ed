import Foundation
import Testing

/// What the gateway says about itself: log lines, metrics, health.
@Suite(.serialized) struct TelemetryTests {
    @Test(.enabled(if: Tool.isStaged)) func logMetricsAndHealth() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "recipients: {list: [b, c]}\nfilters: [hello-c]", more: "log: {format: json, file: mail.log}")
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.metric("postern_messages_total{disposition=\"accept\"}") ?? 0 == 0)
        let id = try #require(GatewayUnderTest.queueID(gateway.send(to: ["b@example.com", "c@example.com"])[0]))
        _ = try gateway.send(to: ["nobody@example.com"])
        #expect(Tool.wait { sink.messages.count == 1 })

        func lines() throws -> [[String: Any]] {
            try String(contentsOfFile: gateway.configuration + "/mail.log", encoding: .utf8).split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
            }
        }
        #expect(try Tool.wait { try lines().count { $0["event"] as? String == "delivered" } == 2 })
        let ours = try lines().filter { $0["id"] as? String == id }
        let events = ours.compactMap { $0["event"] as? String }
        for event in ["received", "delivered"] { #expect(events.contains(event), "\(event) in \(events)") }
        let filters = ours.filter { $0["event"] as? String == "filter" }
        #expect(Set(filters.compactMap { $0["to"] as? String }) == ["b@example.com", "c@example.com"] && filters.count == 2)
        for line in try lines() where ["filter", "received", "delivered"].contains(line["event"] as? String ?? "") {
            #expect(line["id"] as? String == id, "\(line)")
        }

        #expect(try gateway.metric("postern_messages_total{disposition=\"accept\"}") == 2)
        #expect(try gateway.metric("postern_refusals_total{at=\"rcpt\"}") == 1)
        #expect(try gateway.metric("postern_filter_runs_total{filter=\"hello-c\",result=\"done\"}") == 1)
        #expect(try Tool.wait { try gateway.metric("postern_deliveries_total{outcome=\"delivered\"}") == 2 })
        let health = try gateway.ask("/health")
        #expect(try JSONSerialization.jsonObject(with: Data(health.utf8)) is [String: Any], "\(health)")
    }
}

extension GatewayUnderTest {
    /// A page of the control socket.
    func ask(_ path: String) throws -> String {
        let script = """
            import socket
            s = socket.socket(socket.AF_UNIX); s.connect('\(control)')
            s.sendall(b'GET \(path) HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n')
            data = b''
            while True:
                more = s.recv(65536)
                if not more: break
                data += more
            head, body = data.split(b'\\r\\n\\r\\n', 1)
            if b'200' not in head.split(b'\\r\\n')[0]: print(head.decode())
            if b'chunked' in head.lower():
                out = b''
                while body:
                    size, body = body.split(b'\\r\\n', 1); n = int(size, 16); out += body[:n]; body = body[n + 2:]
                body = out
            print(body.decode())
            """
        return try Tool.run(["python3", "-"], input: script).output
    }

    /// The value of a series of /metrics; nil when it is not there.
    func metric(_ series: String) throws -> Double? {
        try ask("/metrics").split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { Double($0.dropFirst(series.count + 1)) }
    }
}
