import Mail
import NIOCore
import NIOEmbedded
import SMTP
import Synchronization
import Testing

@testable import Deliver

/// How long the word about a whole message is waited for (RFC 5321 section 4.5.3.2.6), by a clock that the test moves.
@Suite struct EndOfDataTests {
    /// A connection whose server says what the test writes.
    private final class Bench {
        let channel = EmbeddedChannel()
        private let ends: Ends
        let connection: NextHopConnection

        init(size: Int, isLMTP: Bool = false, recipients: Int = 1, _ policy: QueuePolicy) throws {
            let text = String(repeating: "x", count: size - 2) + "\r\n"
            let addresses = (0..<recipients).map { EmailAddress(localPart: "r\($0)", domain: "d.example") }
            var hop = NextHop(host: "127.0.0.1", tls: .never)
            hop.isLMTP = isLMTP
            let ends = Ends()
            self.ends = ends
            connection = NextHopConnection(
                key: ConnectionPool.Key(hop), address: .ip(.loopback, port: 25), loop: channel.eventLoop, hostname: "us.example",
                avoidsTLS: false, usesChunking: true, pool: ConnectionPool(), contexts: TLSContexts(trustRootsFile: nil),
                policy: { policy },
                work: NextHopConnection.Work(
                    transaction: ClientTransaction(
                        reversePath: .null, recipients: addresses, size: size), addedHeaders: "", region: Region(copying: Array(text.utf8)),
                    hasEightBit: { false }, done: { end, _ in ends.all.withLock { $0.append(end) } }))
            try channel.pipeline.syncOperations.addHandler(connection)
            channel.pipeline.fireChannelActive()
        }

        private final class Ends: Sendable { let all = Mutex<[NextHopConnection.End]>([]) }

        func say(_ lines: String...) throws {
            for line in lines { try channel.writeInbound(ByteBuffer(string: line + "\r\n")) }
        }

        func pass(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

        /// `delivered 250` and such, once there is an end.
        var words: [String]? {
            ends.all.withLock { ends in
                guard case .finished(let outcomes)? = ends.first else { return nil }
                return DeliveryReport(outcomes: outcomes, nextHop: "").words
            }
        }
    }

    private static func policy(reply: Int = 300, endOfData: Int = 600) -> QueuePolicy {
        var policy = QueuePolicy()
        (policy.replyTimeout, policy.endOfDataTimeout) = (.seconds(reply), .seconds(endOfData))
        return policy
    }

    @Test func tenMinutesUnlessItSaysOtherwise() { #expect(QueuePolicy().endOfDataTimeout == .seconds(600)) }

    /// The second row: a short wait for other replies does not cut it, not even with what a transaction may take in all.
    @Test(arguments: [300, 6]) func theDotWaitsLonger(_ reply: Int) throws {
        let bench = try Bench(size: 100, Self.policy(reply: reply))
        try bench.say("220 hop", "250 hop", "250 ok", "250 ok", "354 go")
        bench.pass(599)
        #expect(bench.words == nil)
        bench.pass(1)
        // Nobody else is asked: it may have it.
        #expect(bench.words == ["deferred -"])
    }

    @Test func aLateWordCounts() throws {
        let bench = try Bench(size: 100, Self.policy())
        try bench.say("220 hop", "250 hop", "250 ok", "250 ok", "354 go")
        bench.pass(599)
        try bench.say("250 taken")
        #expect(bench.words == ["delivered 250"])
    }

    @Test func theLastChunkWaitsLongerAndOthersDoNot() throws {
        let bench = try Bench(size: (8 << 20) + 100, Self.policy())
        try bench.say("220 hop", "250-hop\r\n250 CHUNKING", "250 ok", "250 ok")
        bench.pass(200)
        try bench.say("250 go on")
        bench.pass(599)
        #expect(bench.words == nil)
        bench.pass(1)
        #expect(bench.words == ["deferred -"])
        let other = try Bench(size: (8 << 20) + 100, Self.policy())
        try other.say("220 hop", "250-hop\r\n250 CHUNKING", "250 ok", "250 ok")
        other.pass(300)
        #expect(other.words == ["deferred - fault"])
    }

    @Test func everyReplyOfLMTPWaitsAsLong() throws {
        let bench = try Bench(size: 100, isLMTP: true, recipients: 2, Self.policy())
        try bench.say("220 hop", "250 hop", "250 ok", "250 ok", "250 ok", "354 go")
        bench.pass(500)
        try bench.say("250 first")
        bench.pass(599)
        #expect(bench.words == nil)
        bench.pass(1)
        #expect(bench.words == ["delivered 250", "deferred -"])
    }

    @Test func otherRepliesWaitAsBefore() throws {
        let bench = try Bench(size: 100, Self.policy())
        try bench.say("220 hop", "250 hop", "250 ok")
        bench.pass(300)
        #expect(bench.words == ["deferred - fault"])
    }
}
