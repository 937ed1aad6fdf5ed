import GatewayTestKit
import Glibc
import Mail
import NIOCore
import Receive
import Testing

/// Clients that play with the connection itself.
@Suite struct PeerTests {
    /// A whole dialogue without waiting for a reply, then a reset: when the server looks, nobody is at the other end.
    private func sendBlindAndReset(from address: String, to port: Int, _ text: String) {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        func end(_ address: String, _ port: Int) -> sockaddr_in {
            var end = sockaddr_in()
            end.sin_family = sa_family_t(AF_INET)
            end.sin_port = in_port_t(port).bigEndian
            inet_pton(AF_INET, address, &end.sin_addr)
            return end
        }
        var (own, other) = (end(address, 0), end("127.0.0.1", port))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafePointer(to: &own) { _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(client, $0, size) } }
        guard withUnsafePointer(to: &other, { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, size) } }) == 0
        else { return }
        var abort = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
        _ = text.withCString { send(client, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    @Test func whoIsGoneIsNobody() async throws {
        let server = try await ReceiveTestServer { $0.xclients = [IPNetwork("127.0.0.1")!] }
        let dialogue = "EHLO c\r\nXCLIENT ADDR=203.0.113.7\r\nEHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nx\r\n.\r\n"
        for _ in 0..<200 { sendBlindAndReset(from: "127.0.0.2", to: server.port, dialogue) }
        // One that is served, after all of them.
        let client = try await server.connect()
        try await Transcript(name: "last", text: "S: 220 *\nC: QUIT\nS: 221 *\nS! closed\n").run(over: client)
        try await server.wait { server.server.openSessions == 0 }
        let clients = Set(server.inspectors.record.sessions.map(\.client.description))
        #expect(clients.isSubset(of: ["127.0.0.1", "127.0.0.2"]), "\(clients)")
        #expect(server.inspectors.record.sessions.filter { $0.client == .loopback }.count == 1)
        await server.server.stop()
    }

    /// A command has its time however its bytes trickle, whether its line ends or not.
    @Test(arguments: [UInt8(ascii: "N"), UInt8(ascii: " ")]) func commandThatTrickles(byte: UInt8) async throws {
        var limits = Limits()
        limits.commandTimeout = .seconds(4)
        limits.commandLine = 512
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        try await Transcript(name: "hello", text: "S: 220 *\nC: HELO c\nS: 250 *\n").run(over: client)
        let channel = client.channel
        // The second one makes its line too long at once, and never ends it.
        let first = byte == UInt8(ascii: " ") ? 600 : 1
        let trickle = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { _ in
            channel.writeAndFlush(ByteBuffer(repeating: byte, count: first), promise: nil)
        }
        #expect(try await client.receiveLine()?.hasPrefix("421 4.4.2") == true)
        trickle.cancel()
        await client.close()
        await server.server.stop()
    }

    @Test func whoAsksAgainAndAgain() async throws {
        var limits = Limits()
        limits.messagesPerMinute = 1
        limits.idleCommands = 5
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        let tries = String(repeating: "C: MAIL FROM:<>\n", count: 4)
        let replies = String(repeating: "S: 450 4.7.1 *\n", count: 3)
        try await Transcript(
            name: "again",
            text: "S: 220 *\nC: HELO c\nS: 250 *\nC: MAIL FROM:<>\nC: RSET\nS: 250 *\nS: 250 *\n" + tries + replies + "S: 421 4.7.0 *\n"
        ).run(over: client)
        await client.close()
        await server.server.stop()
    }
}
