import GatewayTestKit
import Mail
import Testing

@testable import SMTP

@Suite struct ServerMachineTests {
    private func opened(_ limits: Limits = Limits()) -> ServerMachineTransport {
        let transport = ServerMachineTransport(ScriptedInspectors(limits: limits))
        transport.send("EHLO client.example\r\n")
        _ = transport.lines()
        return transport
    }

    private let start = "MAIL FROM:<a@b.example>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n"

    @Test func connectRefusedEnds() {
        let transport = ServerMachineTransport(ScriptedInspectors(refusal: Reply(ReplyStatus(554, 7, 1), "Go away")))
        #expect(transport.lines() == ["554 5.7.1 Go away"])
        #expect(transport.hasEnded)
    }

    @Test func heloRefusedForgetsTheName() {
        let transport = ServerMachineTransport()
        transport.send("EHLO refused.example\r\nMAIL FROM:<>\r\n")
        #expect(transport.lines().dropFirst() == ["550 5.7.1 That name is refused", "503 5.5.1 Send EHLO first"])
        #expect(transport.facts.helo == nil)
    }

    @Test func tlsCanBeRequired() {
        let transport = ServerMachineTransport { $0.requiresTLS = true }
        transport.send("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nVRFY x\r\nSTARTTLS\r\n")
        #expect(transport.lines().suffix(5).map { $0.prefix(9) } == ["530 5.7.0", "530 5.7.0", "530 5.7.0", "530 5.7.0", "220 2.0.0"])
        transport.startTLS()
        transport.send("EHLO c\r\nMAIL FROM:<>\r\n")
        #expect(transport.lines().last?.hasPrefix("250 2.1.0") == true)
        #expect(transport.facts.protocolName() == "ESMTPS")
    }

    @Test func withoutCertificateNoTLS() {
        let transport = ServerMachineTransport { $0.offersTLS = false }
        transport.send("EHLO c\r\nSTARTTLS\r\n")
        let lines = transport.lines()
        #expect(!lines.contains { $0.hasSuffix("STARTTLS") })
        #expect(lines.last == "502 5.5.1 STARTTLS is not offered")
    }

    @Test func largeMessageIsDroppedAndRefused() {
        var limits = Limits()
        limits.messageSize = 1000
        let transport = opened(limits)
        transport.send(start)
        for _ in 0..<100 {
            transport.send(String(repeating: "x", count: 98) + "\r\n")
            // Past the limit nothing is kept.
        }
        #expect(!transport.isKeepingData)
        transport.send(".\r\nMAIL FROM:<> SIZE=1001\r\nMAIL FROM:<> SIZE=1000\r\n")
        #expect(
            transport.lines().suffix(3).map { $0.prefix(9) } == ["552 5.3.4", "552 5.3.4", "250 2.1.0"])
        #expect(transport.inspectors.record.messages.isEmpty)
        #expect(transport.inspectors.record.resets == 1)
    }

    @Test func longTextLine() {
        var limits = Limits()
        limits.textLine = 100
        let transport = opened(limits)
        transport.send(start + String(repeating: "x", count: 101) + "\r\n.\r\n")
        #expect(transport.lines().last == "500 5.5.6 A line of the message is too long")
    }

    @Test func noMemoryWhileReading() {
        let transport = opened()
        transport.send(start + "one\r\n")
        transport.machine.outOfMemory()
        transport.send("two\r\n.\r\nNOOP\r\n")
        #expect(transport.lines().suffix(2).map { $0.prefix(9) } == ["452 4.3.1", "250 2.0.0"])
    }

    @Test func recipientsAreLimited() {
        var limits = Limits()
        limits.recipients = 2
        let transport = opened(limits)
        transport.send("MAIL FROM:<>\r\n" + String(repeating: "RCPT TO:<user@example.com>\r\n", count: 3))
        #expect(transport.lines().map { $0.prefix(9) } == ["250 2.1.0", "250 2.1.5", "250 2.1.5", "452 4.5.3"])
    }

    @Test func commandLineLimit() {
        var limits = Limits()
        limits.commandLine = 64
        let transport = opened(limits)
        let fits = "NOOP " + String(repeating: "x", count: 64 - 7) + "\r\n"
        transport.send(fits)
        #expect(transport.lines() == ["250 2.0.0 OK"])
        transport.send("x" + fits)
        #expect(transport.lines() == ["500 5.5.6 Line too long"])
        // Without its LF it is not kept, and answered once.
        for _ in 0..<50 { transport.send(String(repeating: "y", count: 50)) }
        #expect(transport.lines().isEmpty)
        transport.send("\r\nNOOP\r\n")
        #expect(transport.lines() == ["500 5.5.6 Line too long", "250 2.0.0 OK"])
    }

    @Test func idleCommandsAreLimitedBetweenMessages() {
        var limits = Limits()
        limits.idleCommands = 5
        let transport = opened(limits)
        // EHLO was one.
        transport.send("NOOP\r\nRSET\r\nVRFY x\r\nNOOP\r\n" + start + "x\r\n.\r\n")
        #expect(transport.lines().last == "250 2.0.0 Queued as TEST")
        transport.send(String(repeating: "NOOP\r\n", count: 7))
        #expect(transport.lines().map { $0.prefix(9) } == Array(repeating: "250 2.0.0", count: 5) + ["421 4.7.0"])
        #expect(transport.hasEnded)
    }

    @Test func refusedRecipientsCount() {
        var limits = Limits()
        limits.errors = 3
        let transport = opened(limits)
        transport.send("MAIL FROM:<>\r\n" + String(repeating: "RCPT TO:<unknown@example.com>\r\n", count: 5))
        #expect(transport.lines().map { $0.prefix(3) } == ["250", "550", "550", "550", "421"])
    }

    @Test func timeout() {
        let transport = opened()
        transport.act(transport.machine.timedOut())
        #expect(transport.lines() == ["421 4.4.2 Timeout"])
        transport.send("NOOP\r\n")
        #expect(transport.lines().isEmpty)
    }

    @Test func shutDownWaitsForTheTransaction() {
        let idle = opened()
        idle.act(idle.machine.shutDown())
        #expect(idle.lines() == ["421 4.3.2 Shutting down, try again soon"])

        let busy = opened()
        busy.send("MAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\n")
        busy.act(busy.machine.shutDown())
        busy.send("DATA\r\n")
        busy.act(busy.machine.shutDown())
        busy.send("x\r\n.\r\n")
        #expect(busy.lines().suffix(2) == ["250 2.0.0 Queued as TEST", "421 4.3.2 Shutting down, try again soon"])
        #expect(busy.hasEnded)
    }

    /// A filter may write what it likes: the dialogue stays whole.
    @Test func replyTextIsHarmless() {
        let reply = Reply(ReplyStatus(550, 7, 1), lines: ["one\r\n250 two", "drei \u{E4}", String(repeating: "x", count: 2000)])
        let lines = String(decoding: reply.encoded, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.count == 4)
        #expect(lines[0] == "550-5.7.1 one??250 two")
        #expect(lines[1] == "550-5.7.1 drei ??")
        #expect(lines[2].hasPrefix("550 5.7.1 xxx") && lines[2].utf8.count <= 510)
        #expect(Reply(.ok, lines: []).encoded == Array("250 2.0.0 \r\n".utf8))
    }
}
