import Foundation
import GatewayTestKit
import Testing

/// A destination that does not answer, or not in time, is nobody else's trouble.
@Suite(.serialized) struct DestinationTests {
    @Test(.enabled(if: Tool.isStaged)) func aDeadAndASilentOneDelayNobodyElse() async throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        // Takes connections and never says a word, as long as this test goes on.
        let silent = try await ScriptedNextHop { _, moment in moment == .connected ? .stall : nil }
        let gateway = try GatewayUnderTest(nextHop: sink.port)
        let ports = (0..<8).map { _ in sink.port } + [silent.port, Tool.freePort()]
        for (number, port) in ports.enumerated() {
            try gateway.write(
                "domains/d\(number).example.yaml",
                "domain: d\(number).example\ndeliver_to: [{host: 127.0.0.1, port: \(port), tls: never}]\nrecipients: any\nfilters: []\n")
        }
        try gateway.start()
        defer { gateway.stop(SIGKILL) }
        func send(_ count: Int, to number: Int) throws {
            let sent = try Tool.run(
                [
                    "/usr/sbin/smtp-source", "-s", "4", "-m", "\(count)", "-f", "a@sender.example", "-t", "b@d\(number).example",
                    "127.0.0.1:\(gateway.port)",
                ], seconds: 300)
            try #require(sent.status == 0, "\(sent.errors)")
        }
        // A backlog for the bad ones first, so that all else stands behind it.
        try send(150, to: 8)
        try send(150, to: 9)
        for number in 0..<8 { try send(10, to: number) }
        #expect(Tool.wait(120) { sink.files.count == 80 }, "\(sink.files.count) of 80 came")
        let waiting = try gateway.json("queue", "list")
        #expect(waiting.count == 300 && silent.sessions > 0, "\(waiting.count) wait, \(silent.sessions) sessions")
        await silent.close()
    }
}
