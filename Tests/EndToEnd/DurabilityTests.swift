import Foundation
import GatewayTestKit
import Testing

/// What had its 250 is still there after the process was killed. (A kill leaves the page cache whole: this shows the commit's order, not its
/// sync; the power-cut test is another.)
@Suite(.serialized) struct DurabilityTests {
    @Test(.enabled(if: Tool.isStaged)) func nothingAcknowledgedIsLostByAKill() throws {
        // The next hop is away, so that everything waits in the queue.
        let sinkPort = Tool.freePort()
        let gateway = try GatewayUnderTest(nextHop: sinkPort)
        var acknowledged: Set<String> = []
        for round in 1...3 {
            try gateway.start()
            let replies = Sent()
            let sender = Thread {
                // In small lots, until the gateway is gone.
                for lot in 1...40 {
                    let lines = (try? gateway.send(count: 5, text: "round \(round), lot \(lot)")) ?? []
                    replies.add(lines)
                    if lines.isEmpty || lines.contains(where: { !$0.hasPrefix("250") }) { break }
                }
                replies.end()
            }
            sender.start()
            #expect(Tool.wait(60) { replies.lines.count >= 5 * round || replies.hasEnded })
            try gateway.cut()
            #expect(Tool.wait(90) { replies.hasEnded })
            acknowledged.formUnion(replies.lines.compactMap(GatewayUnderTest.queueID))
        }
        try #require(acknowledged.count > 10)
        try gateway.start()
        defer { gateway.stop() }
        let listed = try gateway.json("queue", "list")
        let there = Set(listed.compactMap { $0["id"] as? String })
        #expect(acknowledged.subtracting(there).isEmpty, "lost: \(acknowledged.subtracting(there))")

        // The next hop comes back: all are delivered, and the queue is empty.
        let folder = try TemporaryFolder()
        let sink = try Daemon(["/usr/sbin/smtp-sink", "-u", "nobody", "-c", "127.0.0.1:\(sinkPort)", "200"], log: folder.path + "/sink")
        defer { sink.stop(SIGKILL) }
        #expect(try Tool.wait(60) { try gateway.json("queue", "list").isEmpty })
        for id in acknowledged {
            let trace = try gateway.command("trace", id)
            #expect(trace.output.contains("delivered"), "\(id): \(trace.output)")
        }
    }

    private final class Sent: @unchecked Sendable {
        private let lock = NSLock()
        private var received: [String] = []
        private var isOver = false
        func add(_ lines: [String]) { lock.withLock { received += lines } }
        func end() { lock.withLock { isOver = true } }
        var hasEnded: Bool { lock.withLock { isOver } }
        var lines: [String] { lock.withLock { received } }
    }
}
