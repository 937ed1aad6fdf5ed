import GatewayTestKit
import Mail
import Testing

@testable import SMTP

/// Seeded garbage: nothing stops the machine, every reply is well-formed, and no message is made of anything but DATA.
@Suite struct ServerFuzzTests {
    private static let pieces: [String] = [
        "EHLO c.example\r\n", "HELO [1.2.3.4]\r\n", "MAIL FROM:<a@b.example>\r\n", "MAIL FROM:<> SIZE=12 BODY=8BITMIME\r\n",
        "RCPT TO:<user@example.com>\r\n", "RCPT TO:<postmaster>\r\n", "DATA\r\n", "\r\n.\r\n", ".\r\n", "\n.\n", "\r.\r", "..", "RSET\r\n",
        "NOOP",
        "\r\n", "\r", "\n", "<", ">", "@", "\"", "\\", "MAIL FROM:", "RCPT TO:<", "SIZE=", ":", "[IPv6:", "]", "\0", "\u{E4}",
    ]

    @Test(arguments: 0..<16) func randomly(seed: UInt64) {
        var random = Seeded(state: seed &* 77)
        var limits = Limits()
        limits.errors = 1000
        limits.commandLine = 200
        limits.messageSize = 400
        limits.textLine = 60
        for _ in 0..<150 {
            let transport = ServerMachineTransport(ScriptedInspectors(limits: limits))
            for _ in 0..<60 where !transport.machine.hasEnded {
                var bytes: [UInt8] = []
                if random.next() % 4 == 0 {
                    bytes = (0..<Int(random.next() % 30)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                } else {
                    bytes = Array(Self.pieces[Int(random.next() % UInt64(Self.pieces.count))].utf8)
                }
                transport.send(bytes)
            }
            for line in transport.lines() {
                let bytes = Array(line.utf8)
                #expect(
                    bytes.count >= 4 && (UInt8(ascii: "2")...UInt8(ascii: "5")).contains(bytes[0]) && (bytes[3] == 32 || bytes[3] == 45))
            }
            for message in transport.inspectors.record.messages {
                #expect(message.count <= 400)
                let bare = message.indices.contains { i in
                    (message[i] == 10 && (i == 0 || message[i - 1] != 13))
                        || (message[i] == 13 && (i + 1 == message.count || message[i + 1] != 10))
                }
                #expect(!bare)
            }
        }
    }
}
