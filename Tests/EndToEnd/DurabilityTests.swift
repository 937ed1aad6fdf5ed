import Foundation
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
                replies.set((try? gateway.send(count: 60, text: "round \(round)")) ?? [])
            }
            sender.start()
            usleep(UInt32(200_000 + 150_000 * round))
            gateway.stop(SIGKILL)
            #expect(Tool.wait(90) { replies.isSet })
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
        private var value: [String]?
        func set(_ lines: [String]) { lock.withLock { value = lines } }
        var isSet: Bool { lock.withLock { value != nil } }
        var lines: [String] { lock.withLock { value ?? [] } }
    }
}
