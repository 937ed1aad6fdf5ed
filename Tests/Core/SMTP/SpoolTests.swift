import GatewayTestKit
import Mail
import Testing

@testable import SMTP

/// Large messages and the spool: what comes through, and what a full one leaves of the session.
@Suite struct SpoolTests {
    /// 400 KB with every kind of line, and how it is to be kept.
    private static let lines = (0..<8000).map { $0 % 7 == 0 ? ".dot \($0)" : String(repeating: "x", count: 40 + $0 % 13) }
    private static let kept = lines.flatMap { Array(($0 + "\r\n").utf8) }
    private static let sent = lines.flatMap { Array((($0.hasPrefix(".") ? "." : "") + $0 + "\r\n").utf8) } + Array(".\r\n".utf8)
    private static let envelope = "MAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\n"

    private func session(_ inspectors: ScriptedInspectors, _ spool: ScriptedSpool) -> ServerMachineTransport {
        let transport = ServerMachineTransport(inspectors, spool: spool)
        transport.send("EHLO c\r\n")
        while transport.receiveLine() != nil {}
        return transport
    }

    private func codes(_ transport: ServerMachineTransport) -> [String] {
        var codes: [String] = []
        while let line = transport.receiveLine() { codes.append(String(line.prefix(9))) }
        return codes
    }

    @Test(arguments: [16_384, 1_000_000]) func aLargeMessageIsTheSpoolsFile(piece: Int) throws {
        let inspectors = ScriptedInspectors()
        let spool = ScriptedSpool()
        let transport = session(inspectors, spool)
        transport.send(Self.envelope + "DATA\r\n")
        let bytes = Self.sent
        var most = 0
        for start in stride(from: 0, to: bytes.count, by: piece) {
            transport.send(Array(bytes[start..<min(start + piece, bytes.count)]))
            most = max(most, transport.machine.keptBytes)
        }
        #expect(codes(transport).last == "250 2.0.0")
        #expect(most <= RegionBuilder.spoolThreshold && spool.made == 1)
        #expect(inspectors.record.messages == [Self.kept])
    }

    @Test func aFullSpoolRefusesOneMessageAndTheSessionGoesOn() throws {
        let inspectors = ScriptedInspectors()
        let spool = ScriptedSpool(room: 300_000)
        let transport = session(inspectors, spool)
        transport.send(Array((Self.envelope + "DATA\r\n").utf8) + Self.sent + Array("NOOP\r\n".utf8))
        #expect(codes(transport) == ["250 2.1.0", "250 2.1.5", "354 End d", "452 4.3.1", "250 2.0.0"])
        #expect(spool.open == 0 && transport.machine.keptBytes == 0)
        // In chunks the refusal comes with the chunk that does not fit.
        let half = Self.kept.count / 2
        let rest = Self.kept.count - half
        spool.setRoom(300_000)
        transport.send(Array((Self.envelope + "BDAT \(half)\r\n").utf8) + Self.kept.prefix(half))
        transport.send(Array("BDAT \(rest) LAST\r\n".utf8) + Self.kept.suffix(rest) + Array("RSET\r\n".utf8))
        #expect(codes(transport) == ["250 2.1.0", "250 2.1.5", "250 2.0.0", "452 4.3.1", "250 2.0.0"])
        #expect(spool.open == 0)
        // A small one needs no spool; and when there is room again, a large one is taken.
        transport.send(Self.envelope + "DATA\r\nx\r\n.\r\n")
        #expect(codes(transport).last == "250 2.0.0")
        spool.setRoom(.max)
        transport.send(Array((Self.envelope + "DATA\r\n").utf8) + Self.sent)
        #expect(codes(transport).last == "250 2.0.0")
        #expect(inspectors.record.messages.map(\.count) == [3, Self.kept.count])
    }

    @Test func aMessageThatIsSpoiledOrLeftLeavesNoFile() {
        let inspectors = ScriptedInspectors()
        let spool = ScriptedSpool()
        let transport = session(inspectors, spool)
        transport.send(Array((Self.envelope + "DATA\r\n").utf8) + Self.sent.dropLast(3))
        #expect(spool.open == 1)
        transport.send("bare\nline feed\r\n")
        #expect(spool.open == 0)
        transport.send(Array((".\r\n" + Self.envelope + "BDAT 300000\r\n").utf8) + Self.kept.prefix(300_000))
        #expect(spool.open == 1)
        transport.send("RSET\r\n")
        #expect(spool.open == 0 && inspectors.record.messages.isEmpty)
    }
}
