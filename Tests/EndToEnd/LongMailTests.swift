import Foundation
import Testing

/// Mail that takes a filter in a worker long, through the live gateway.
@Suite(.serialized) struct LongMailTests {
    /// One sender's messages take all the threads that it may have, and stay there: everybody else's mail goes on.
    @Test(.enabled(if: Tool.isStaged)) func mailThatTakesLongHoldsUpItsSenderAlone() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [{faulty: {timeout: 300s}}]", probe: Probe("faulty"))
        try gateway.start()
        defer { gateway.stop(SIGKILL) }
        let slow = (0..<6).map { i in
            Thread { _ = try? gateway.send(fields: ["Fault: hang"], text: "slow \(i)", client: "127.0.0.\(i + 1)") }
        }
        for thread in slow { thread.start() }
        // Of four threads, while nobody else has come.
        #expect(Tool.wait { gateway.lines("printed: hangs").count == 3 }, "\(gateway.lines("printed: hangs"))")
        for client in ["127.0.1.1", "127.0.2.1", "127.9.9.9"] {
            let replies = try gateway.send(count: 3, text: "quick", client: client)
            #expect(replies.count == 3 && replies.allSatisfy { $0.hasPrefix("250") }, "\(client) \(replies)")
        }
        #expect(Tool.wait { sink.messages.count == 9 })
        #expect(sink.messages.allSatisfy { $0.contains("quick") })
        #expect(gateway.lines("died: ").isEmpty && slow.allSatisfy { !$0.isFinished })
    }
}
