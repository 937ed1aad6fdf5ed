import Foundation
import GatewayTestKit
import Testing

/// What became of each copy comes back to the filters, through the live gateway.
@Suite(.serialized) struct OutcomeTests {
    /// Lines that an observer wrote.
    final class Written {
        private let folder: TemporaryFolder
        var path: String { folder.path + "/outcomes" }
        init() throws { folder = try TemporaryFolder() }
        var lines: [String] {
            ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
        }
        /// Those of a slot, its name cut off.
        func of(_ slot: String) -> [String] { lines.filter { $0.hasPrefix(slot + " ") }.map { String($0.dropFirst(slot.count + 1)) } }
    }

    @Test(.enabled(if: Tool.isStaged)) func everyEndOfACopy() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let refusing = try SinkUnderTest(options: ["-f", "rcpt"])
        defer { refusing.stop() }
        let written = try Written()
        let gateway = try GatewayUnderTest(
            nextHop: sink.port,
            domain: """
                filters: [probe, {observer: {name: domain, file: \(written.path)}}]
                thresholds: {tag: 5, quarantine: 7, reject: 20}
                """, more: "edge: [{observer: {name: edge, file: \(written.path)}}]", probe: Probe("probe", "observer"))
        try gateway.write(
            "domains/refusing.example.yaml",
            """
            domain: refusing.example
            deliver_to: [{host: 127.0.0.1, port: \(refusing.port), tls: never}]
            recipients: any
            filters: [{observer: {name: refusing, file: \(written.path)}}]
            """)
        try gateway.start()
        defer { gateway.stop() }

        let delivered = try #require(GatewayUnderTest.queueID(gateway.send(fields: ["Probe-Score: 5"])[0]))
        let kept = try #require(GatewayUnderTest.queueID(gateway.send(fields: ["Probe-Score: 7"])[0]))
        #expect(try gateway.send(fields: ["Probe-Do: discard"])[0].hasPrefix("250"))
        #expect(try gateway.send(fields: ["Probe-Do: reject"])[0].hasPrefix("550"))
        #expect(try gateway.send(fields: ["Probe-Do: defer"])[0].hasPrefix("451"))
        #expect(try gateway.send(to: ["c@refusing.example"])[0].hasPrefix("250"))
        #expect(try gateway.send(to: ["d@elsewhere.example"])[0].hasPrefix("5"))
        #expect(try gateway.command("quarantine", "release", kept).status == 0)

        // Every one of them is told, by the edge's list too; which way first is up to the next hops.
        let tail = "example.com a@sender.example b@example.com"
        let expected = [
            "delivered outcome 2.0.0 1 5 PROBE=5 \(tail) \(delivered)", "quarantined data - 0 7 PROBE=7 \(tail) \(kept)",
            "released outcome - 0 7 PROBE=7 \(tail) \(kept)", "delivered outcome 2.0.0 1 7 PROBE=7 \(tail) \(kept)",
        ]
        #expect(
            Tool.wait { written.of("domain").count >= 6 && written.of("edge").count >= 8 && !written.of("refusing").isEmpty },
            "\(written.lines)")
        for line in expected { #expect(written.of("domain").contains(line), "\(line): \(written.lines)") }
        let others = written.of("domain").filter { !expected.contains($0) }.map {
            $0.split(separator: " ").prefix(2).joined(separator: " ")
        }
        #expect(others.sorted() == ["discarded data", "rejected data"])
        #expect(written.of("refusing").count == 1)
        #expect(written.of("refusing")[0].hasPrefix("bounced outcome 5."), "\(written.of("refusing"))")
        // At the edge on nobody's behalf, and of those that no domain of ours is for.
        #expect(written.of("edge").contains { $0.hasPrefix("rejected rcpt 5.7.1 0 0 - - a@sender.example d@elsewhere.example") })
        #expect(written.of("edge").contains { $0.hasPrefix("delivered") && $0.contains(" - a@sender.example b@example.com \(delivered)") })
    }

    /// Delivered after a restart: who sent it and what was found in it is known still.
    @Test(.enabled(if: Tool.isStaged)) func afterARestart() throws {
        let port = Tool.freePort()
        let written = try Written()
        let gateway = try GatewayUnderTest(
            nextHop: port, domain: "filters: [probe, {observer: {name: domain, file: \(written.path)}}]", probe: Probe("probe", "observer"))
        try gateway.start()
        let id = try #require(GatewayUnderTest.queueID(gateway.send(fields: ["Probe-Score: 2"])[0]))
        gateway.stop()
        let sink = try SinkUnderTest(port: port)
        defer { sink.stop() }
        try gateway.start()
        defer { gateway.stop() }
        #expect(Tool.wait { !written.lines.isEmpty })
        let line = written.of("domain").first ?? ""
        #expect(
            line.hasPrefix("delivered outcome 2.0.0 ") && line.hasSuffix(" 2 PROBE=2 example.com a@sender.example b@example.com \(id)"),
            "\(line)")
    }

    /// A filter that never comes to an end delays nobody, and the log names it.
    @Test(.enabled(if: Tool.isStaged)) func nobodyWaits() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let written = try Written()
        let gateway = try GatewayUnderTest(
            nextHop: sink.port,
            domain: """
                filters: [{observer: {name: hanging, hangs: true, timeout: 300ms}}, {observer: {name: domain, file: \(written.path)}}]
                """, probe: Probe("observer"))
        try gateway.start()
        defer { gateway.stop() }
        let replies = try gateway.send(count: 20)
        #expect(replies.count == 20 && replies.allSatisfy { $0.hasPrefix("250") })
        #expect(Tool.wait { sink.messages.count == 20 && written.lines.count == 20 })
        let log = { (try? String(contentsOfFile: gateway.log, encoding: .utf8)) ?? "" }
        #expect(Tool.wait { log().components(separatedBy: "unobserved").count == 21 })
        #expect(log().contains("filter=hanging outcome=delivered result=timeout"))
    }
}
