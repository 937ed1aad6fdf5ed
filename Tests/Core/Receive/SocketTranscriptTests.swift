import GatewayTestKit
import Mail
import NIOCore
import NIOSSL
import Testing

/// The transcripts over a real socket with real TLS, with inspectors that answer at once and ones that take a turn of the loop.
@Suite struct SocketTranscriptTests {
    static let transcripts = try! Transcript.all()

    @Test(arguments: transcripts, [ScriptedInspectors.Pace.atOnce, .later])
    func overSocket(_ transcript: Transcript, pace: ScriptedInspectors.Pace) async throws {
        let server = try await ReceiveTestServer(for: transcript, ScriptedInspectors(pace: pace))
        let client = try await server.connect()
        try await transcript.run(over: client)
        await client.close()
        try await server.wait { server.server.openSessions == 0 }
        #expect(server.inspectors.record.closes == server.inspectors.record.sessions.count)
        await server.server.stop()
    }

    @Test func tlsIsAFactOfTheSession() async throws {
        let server = try await ReceiveTestServer(tls: ReceiveTestServer.tls.get())
        let client = try await server.connect()
        let transcript = try #require(Self.transcripts.first { $0.name == "starttls.smtp" })
        try await transcript.run(over: client)
        let helos = server.inspectors.record.helos
        #expect(helos.map(\.tls?.version) == [nil, "TLSv1.3"])
        #expect(helos.map { $0.protocolName() } == ["ESMTP", "ESMTPS"])
        #expect(server.inspectors.record.messages.map { String(decoding: $0, as: UTF8.self) } == ["Subject: secret\r\n\r\nsecret\r\n"])
        await client.close()
        await server.server.stop()
    }

    /// What is no handshake ends the session, and is never read as commands.
    @Test func clearTextInsteadOfTheHandshake() async throws {
        let server = try await ReceiveTestServer(tls: ReceiveTestServer.tls.get())
        let client = try await server.connect()
        try await Transcript(
            name: "clear", text: "S: 220 *\nC: EHLO c\nS* 250\nC: STARTTLS\nS: 220 *"
        )
        .run(over: client)
        try await client.send(Array("MAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nx\r\n.\r\n".utf8))
        while let line = try? await client.receiveLine() { #expect(!line.hasPrefix("2") && !line.hasPrefix("3")) }
        try await server.wait { server.server.openSessions == 0 }
        #expect(server.inspectors.record.messages.isEmpty)
        await server.server.stop()
    }
}
