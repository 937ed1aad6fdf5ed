import GatewayTestKit
import Mail
import NIOCore
import NIOEmbedded
import Testing

@testable import Receive

/// The handler in an embedded channel: what depends on how bytes and answers fall together.
@Suite struct SessionHandlerTests {
    private final class Session {
        let channel = EmbeddedChannel()
        let services: SessionServices
        let handler: SessionHandler

        init(_ inspectors: ScriptedInspectors) throws {
            let policy = FixedPolicy(current: PolicySnapshot(generation: 1, hostname: inspectors.hostname, limits: inspectors.limits))
            services = SessionServices(policy: policy, inspectors: inspectors, log: SilentMailLog(), clock: ManualLoop())
            handler = SessionHandler(channel: channel, listener: SMTPListener(.port("127.0.0.1", 25)), services: services)
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 25)).wait()
            channel.embeddedEventLoop.run()
        }

        /// The writes since the last call, each a flush of its own.
        func writes() throws -> [String] {
            channel.embeddedEventLoop.run()
            var out: [String] = []
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { out.append(String(buffer: bytes)) }
            return out
        }

        func send(_ text: some StringProtocol) throws { try channel.writeInbound(ByteBuffer(substring: Substring(text))) }
    }

    private let dialogue =
        "EHLO c.example\r\nMAIL FROM:<a@b.example> SIZE=20\r\nRCPT TO:<user@example.com>\r\nRCPT TO:<unknown@example.com>\r\nDATA\r\n"
        + "Subject: x\r\n\r\n..\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nNOOP\r\nQUIT\r\n"

    private func replies(_ session: Session) throws -> [String] {
        try session.writes().joined().split(separator: "\r\n").map { String($0.prefix(9)) }
    }

    @Test(arguments: [ScriptedInspectors.Pace.atOnce, .later]) func everySplitInTwo(pace: ScriptedInspectors.Pace) throws {
        let expected = [
            "220 mx.ex", "250-mx.ex", "250-PIPEL", "250-SIZE ", "250-8BITM", "250-SMTPU", "250-CHUNK", "250-DSN", "250-ENHAN", "250-LIMIT",
            "250 HELP", "250 2.1.0", "250 2.1.5", "550 5.1.1",
            "354 End d",
            "250 2.0.0", "250 2.1.0", "250 2.0.0", "250 2.0.0", "221 2.0.0",
        ]
        for cut in 0...dialogue.utf8.count {
            let inspectors = ScriptedInspectors(pace: pace)
            let session = try Session(inspectors)
            let bytes = Array(dialogue.utf8)
            try session.channel.writeInbound(ByteBuffer(bytes: bytes[..<cut]))
            try session.channel.writeInbound(ByteBuffer(bytes: bytes[cut...]))
            #expect(try replies(session) == expected, "cut at \(cut)")
            #expect(inspectors.record.messages == [Array("Subject: x\r\n\r\n.\r\n".utf8)])
            #expect(!session.channel.isActive)
            #expect(session.services.budget.inUse == 0)
            #expect(session.services.registry.count == 0)
        }
    }

    @Test(arguments: [ScriptedInspectors.Pace.atOnce, .later]) func byteByByte(pace: ScriptedInspectors.Pace) throws {
        let session = try Session(ScriptedInspectors(pace: pace))
        for byte in dialogue.utf8 {
            try session.channel.writeInbound(ByteBuffer(bytes: [byte]))
            session.channel.embeddedEventLoop.run()
        }
        #expect(try replies(session).count == 20)
    }

    @Test(arguments: [ScriptedInspectors.Pace.atOnce, .later]) func aPipelinedGroupIsOneWrite(pace: ScriptedInspectors.Pace) throws {
        let session = try Session(ScriptedInspectors(pace: pace))
        #expect(try session.writes().count == 1)
        try session.send("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nRCPT TO:<second@example.com>\r\nDATA\r\n")
        #expect(try session.writes().count == 1)
        try session.send("x\r\n.\r\n")
        #expect(try session.writes().count == 1)
        _ = try? session.channel.finish()
    }

    @Test func goneWhileTheMessageIsJudged() throws {
        let inspectors = ScriptedInspectors(holdsMessages: true)
        let session = try Session(inspectors)
        try session.send("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nx\r\n.\r\n")
        #expect(session.services.budget.inUse > 0)
        _ = try? session.channel.finish()
        #expect(inspectors.record.closes == 1)
        #expect(session.services.budget.inUse == 0)
        // A late answer hurts nobody.
        inspectors.releaseHeld()
        session.channel.embeddedEventLoop.run()
        #expect(session.services.budget.inUse == 0)
    }

    @Test func timeoutsByTheLoopsClock() throws {
        let session = try Session(ScriptedInspectors())
        _ = try session.writes()
        session.channel.embeddedEventLoop.advanceTime(by: .seconds(299))
        try session.send("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n")
        _ = try session.writes()
        session.channel.embeddedEventLoop.advanceTime(by: .seconds(179))
        #expect(try session.writes() == [])
        session.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(try session.writes() == ["421 4.4.2 Timeout\r\n"])
        #expect(!session.channel.isActive)
    }

    @Test func noTimeoutWhileTheMessageIsJudged() throws {
        let inspectors = ScriptedInspectors(holdsMessages: true)
        let session = try Session(inspectors)
        try session.send("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nx\r\n.\r\n")
        _ = try session.writes()
        session.channel.embeddedEventLoop.advanceTime(by: .hours(2))
        inspectors.releaseHeld()
        let answer = try session.writes()
        #expect(answer == ["250 2.0.0 Queued as TEST\r\n"])
        session.channel.embeddedEventLoop.advanceTime(by: .seconds(301))
        #expect(try session.writes() == ["421 4.4.2 Timeout\r\n"])
    }
}
