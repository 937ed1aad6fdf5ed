import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import NIOSSL
import Receive
import Testing

/// From the connection to the greeting, and what each kind of listener does there.
@Suite struct OpeningTests {
    private func play(_ text: String, _ client: SocketTransport) async throws {
        try await Transcript(name: "dialogue", text: text).run(over: client)
    }

    @Test func whoSpeaksFirstIsRefused() async throws {
        var limits = Limits()
        limits.greetDelay = .seconds(20)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        try await play("C: EHLO early.example\nS: 554 5.5.1 *\nS! closed\n", client)
        #expect(server.inspectors.record.sessions.isEmpty)
        #expect(server.log.events.contains { $0.hasPrefix("refused ") && $0.contains("spoke before the greeting") })
        try await server.wait { server.server.openSessions == 0 }
        await server.server.stop()
    }

    @Test func whoWaitsIsGreeted() async throws {
        var limits = Limits()
        limits.greetDelay = .milliseconds(200)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        try await play("S: 220 *\nC: QUIT\nS: 221 *\nS! closed\n", client)
        await server.server.stop()
    }

    @Test func implicitTLS() async throws {
        let server = try await ReceiveTestServer(tls: ReceiveTestServer.tls.get()) { $0.isImplicitTLS = true }
        let client = try await server.connect()
        try await client.startTLS()
        try await play("S: 220 *\nC: EHLO c\nS* 250\nC: STARTTLS\nS: 503 5.5.1 *\nC: MAIL FROM:<>\nS: 250 *\n", client)
        #expect(server.inspectors.record.helos.map { $0.protocolName() } == ["ESMTPS"])
        #expect(server.inspectors.record.sessions.map(\.tls?.version) == ["TLSv1.3"])
        await client.close()
        await server.server.stop()
    }

    @Test func clearTextWhereTLSComesFirst() async throws {
        let server = try await ReceiveTestServer(tls: ReceiveTestServer.tls.get()) { $0.isImplicitTLS = true }
        let client = try await server.connect()
        try await client.send(Array("EHLO c\r\n".utf8))
        while let line = try? await client.receiveLine() { #expect(!line.hasPrefix("2")) }
        try await server.wait { server.server.openSessions == 0 }
        #expect(server.inspectors.record.sessions.isEmpty)
        await server.server.stop()
    }

    /// Whoever never finishes a handshake is cut off, and so is one that stops after STARTTLS.
    @Test(arguments: [true, false]) func handshakeThatNeverComes(isImplicit: Bool) async throws {
        var limits = Limits()
        limits.commandTimeout = .seconds(10)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits), tls: ReceiveTestServer.tls.get()) {
            $0.isImplicitTLS = isImplicit
        }
        let client = try await server.connect()
        if !isImplicit { try await play("S: 220 *\nC: EHLO c\nS* 250\nC: STARTTLS\nS: 220 *\n", client) }
        // Half of a record; the connection may be cut before it is out.
        try? await client.send([22, 3, 1])
        // Cut off it is, in whatever way the client learns it.
        while (try? await client.receiveLine()) != nil {}
        try await server.wait { server.server.openSessions == 0 }
        await server.server.stop()
    }

    @Test func proxyHeaderNamesTheClient() async throws {
        let server = try await ReceiveTestServer(tls: ReceiveTestServer.tls.get()) {
            $0.proxies = [IPNetwork("127.0.0.0/8")!]
            $0.isImplicitTLS = true
        }
        let client = try await server.connect()
        try await client.send(Array("PROXY TCP6 2001:db8::9 2001:db8::1 4000 465\r\n".utf8))
        try await client.startTLS()
        try await play("S: 220 *\nC: QUIT\nS: 221 *\n", client)
        let facts = try #require(server.inspectors.record.sessions.first)
        #expect(facts.client == IPAddress("2001:db8::9") && facts.clientPort == 4000 && facts.via == .loopback && facts.tls != nil)
        await server.server.stop()
    }

    /// A peer that is not trusted has no header: its line is the client's first word.
    @Test func onlyTrustedPeersAreBelieved() async throws {
        var limits = Limits()
        limits.greetDelay = .seconds(20)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits)) { $0.proxies = [IPNetwork("192.0.2.0/24")!] }
        let client = try await server.connect()
        try await play("C: PROXY TCP4 192.0.2.9 192.0.2.1 1 25\nS: 554 5.5.1 *\nS! closed\n", client)
        #expect(!server.log.events.contains { $0.contains("client=192.0.2.9") })
        await server.server.stop()
    }

    @Test func xclientMakesAnotherSession() async throws {
        let server = try await ReceiveTestServer { $0.xclients = [IPNetwork("127.0.0.1")!] }
        let client = try await server.connect()
        try await play(
            "S: 220 *\nC: EHLO proxy\nS* 250\nC: XCLIENT ADDR=192.0.2.7 NAME=c.example PORT=99\nS: 220 *\nC: EHLO c\nS* 250\n", client)
        let sessions = server.inspectors.record.sessions
        #expect(sessions.map(\.client.description) == ["127.0.0.1", "192.0.2.7"])
        #expect(sessions.last?.via == .loopback && sessions.last?.clientName == "c.example" && sessions.last?.clientPort == 99)
        await client.close()
        try await server.wait { server.server.openSessions == 0 }
        #expect(server.inspectors.record.closes == 2)
        await server.server.stop()
    }

    @Test func unixSocketSpeaksLMTP() async throws {
        let path = "/tmp/postern-lmtp-\(UInt32.random(in: 0 ... .max)).sock"
        let inspectors = ScriptedInspectors()
        let server = SMTPServer(
            group: MultiThreadedEventLoopGroup.singleton,
            policy: FixedPolicy(current: PolicySnapshot(generation: 1, hostname: "mx.example.com")), inspectors: inspectors,
            log: RecordingLog(), clock: ManualLoop())
        var listener = SMTPListener(.socket(path))
        listener.isLMTP = true
        try await server.start([listener])
        let client = try await SocketTransport(path: path, group: MultiThreadedEventLoopGroup.singleton)
        let transcript = try #require(Transcript.all().first { $0.name == "lmtp.smtp" })
        try await transcript.run(over: client)
        #expect(inspectors.record.messages.count == 2)
        #expect(inspectors.record.helos.first?.protocolName() == "LMTP")
        await client.close()
        await server.stop()
    }
}
