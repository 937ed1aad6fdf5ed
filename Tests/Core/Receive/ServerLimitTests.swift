import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import Receive
import Synchronization
import Testing

@Suite struct ServerLimitTests {
    private let hello = "S: 220 *\nC: HELO c\nS: 250 *\n"

    private func play(_ text: String, _ client: SocketTransport) async throws {
        try await Transcript(name: "dialogue", text: text).run(over: client)
    }

    @Test func sessionsOfOneClient() async throws {
        var limits = Limits()
        limits.sessionsPerClient = 2
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let (first, second, third) = (try await server.connect(), try await server.connect(), try await server.connect())
        var greetings: [String] = []
        for client in [first, second, third] { greetings.append(String(try await client.receiveLine()?.prefix(9) ?? "")) }
        #expect(greetings.sorted() == ["220 mx.ex", "220 mx.ex", "421 4.7.0"])
        for client in [first, second, third] { await client.close() }
        try await server.wait { server.server.openSessions == 0 }
        // The place is free again.
        let fourth = try await server.connect()
        try await play(hello, fourth)
        await fourth.close()
        #expect(server.log.events.contains { $0.hasPrefix("refused ") && $0.contains("421 4.7.0") })
        await server.server.stop()
    }

    @Test func silentClient() async throws {
        var limits = Limits()
        limits.commandTimeout = .milliseconds(100)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        try await play("S: 220 *\nS: 421 4.4.2 *\nS! closed\n", client)
        await server.server.stop()
    }

    @Test func messageThatTrickles() async throws {
        var limits = Limits()
        limits.transactionTimeout = .milliseconds(300)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        try await play(hello + "C: MAIL FROM:<>\nC: RCPT TO:<user@example.com>\nC: DATA\nS: 250 *\nS: 250 *\nS: 354 *\n", client)
        let channel = client.channel
        let trickle = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(10)) { _ in
            channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
        }
        try await play("S: 421 4.4.2 *\n", client)
        trickle.cancel()
        await client.close()
        #expect(server.inspectors.record.messages.isEmpty)
        await server.server.stop()
    }

    /// While one message's bytes are with the inspector there is no room for another; then there is.
    @Test func bytesInFlight() async throws {
        var limits = Limits()
        limits.bytesInFlight = 10_000
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits, holdsMessages: true))
        let (first, second) = (try await server.connect(), try await server.connect())
        let envelope = "C: MAIL FROM:<>\nC: RCPT TO:<user@example.com>\nC: DATA\n"
        try await play(hello + envelope + "S: 250 *\nS: 250 *\nS: 354 *\nC! \\{8000}x\\r\\n.\\r\\n\n", first)
        try await server.wait { server.inspectors.record.held.count == 1 }
        try await play(hello + "C: MAIL FROM:<> SIZE=9000\nS: 452 4.3.1 *\n", second)
        // A client that says nothing of the size is cut off when it is there.
        try await play(envelope + "S: 250 *\nS: 250 *\nS: 354 *\nC! \\{8000}x\\r\\n.\\r\\n\nS: 452 4.3.1 *\n", second)
        server.inspectors.releaseHeld()
        try await play("S: 250 2.0.0 *\n", first)
        try await play(
            "C: MAIL FROM:<> SIZE=9000\nC: RCPT TO:<user@example.com>\nC: DATA\nS: 250 *\nS: 250 *\nS: 354 *\nC! \\{8000}x\\r\\n.\\r\\n\n",
            second)
        try await server.wait { server.inspectors.record.held.count == 1 }
        server.inspectors.releaseHeld()
        try await play("S: 250 2.0.0 *\nC: QUIT\nS: 221 *\nS! closed\n", second)
        await first.close()
        await server.server.stop()
    }

    /// Chunks that come with their BDAT count as well; a transaction that is dropped frees them, and commands behind a chunk are no bytes of it.
    @Test func bytesInFlightInChunks() async throws {
        var limits = Limits()
        limits.bytesInFlight = 10_000
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        let begin = "C: MAIL FROM:<>\nC: RCPT TO:<user@example.com>\nS: 250 *\nS: 250 *\n"
        let chunk = "BDAT 4000\\r\\n\\{3998}x\\r\\n"
        let replies = String(repeating: "S: 250 *\n", count: 3) + "S: 452 4.3.1 *\n"
        try await play(hello + begin + "C! \(chunk)\(chunk)\(chunk)BDAT 0 LAST\\r\\n\n" + replies, client)
        #expect(server.server.bytesInFlight == 0)
        try await play(begin + "C! \(chunk)\nS: 250 *\n", client)
        // The memory that it takes, not the bytes that came.
        #expect(server.server.bytesInFlight == 4096)
        try await play("C: HELO again\nS: 250 *\n", client)
        #expect(server.server.bytesInFlight == 0)
        let small = String(repeating: "BDAT 1\\r\\nx", count: 1000)
        try await play(begin + "C! \(small)BDAT 0 LAST\\r\\n\n" + String(repeating: "S: 250 *\n", count: 1001), client)
        #expect(server.inspectors.record.messages.map(\.count) == [1002])
        await client.close()
        await server.server.stop()
    }

    /// A client that sends without end while its message is judged is no longer read from.
    @Test func inputIsHeldBack() async throws {
        let server = try await ReceiveTestServer(ScriptedInspectors(holdsMessages: true))
        let client = try await server.connect()
        try await play(
            hello + "C: MAIL FROM:<>\nC: RCPT TO:<user@example.com>\nC: DATA\nS: 250 *\nS: 250 *\nS: 354 *\nC: x\nC: .\n", client)
        try await server.wait { server.inspectors.record.held.count == 1 }
        // More than both sockets' buffers take: the write cannot finish while nobody reads.
        let channel = client.channel
        let isSent = Atomic<Bool>(false)
        let flood = channel.eventLoop.flatSubmit { channel.writeAndFlush(ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 20)) }
        flood.whenSuccess { isSent.store(true, ordering: .relaxed) }
        try await Task.sleep(for: .milliseconds(300))
        let wasRead = isSent.load(ordering: .relaxed)
        #expect(!wasRead)
        server.inspectors.releaseHeld()
        try await play("S: 250 2.0.0 *\n", client)
        // Now it is read, and dropped as a line without end.
        try await flood.get()
        try await play("C: \nS: 500 5.5.6 *\nC: QUIT\nS: 221 *\n", client)
        await client.close()
        await server.server.stop()
    }

    @Test func clientThatClosesItsSideGetsItsReplies() async throws {
        let server = try await ReceiveTestServer(ScriptedInspectors(pace: .later))
        let client = try await SocketTransport(
            host: "127.0.0.1", port: server.port, group: MultiThreadedEventLoopGroup.singleton, halfCloses: true)
        try await play("S: 220 *\n", client)
        try await client.send(Array("HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\nx\r\n.\r\n".utf8))
        try await client.channel.close(mode: .output)
        try await play("S: 250 *\nS: 250 *\nS: 250 *\nS: 354 *\nS: 250 2.0.0 *\nS! closed\n", client)
        await server.server.stop()
    }

    @Test func gracefulStop() async throws {
        let server = try await ReceiveTestServer()
        let (idle, busy) = (try await server.connect(), try await server.connect())
        try await play(hello, idle)
        try await play(hello + "C: MAIL FROM:<>\nC: RCPT TO:<user@example.com>\nC: DATA\nS: 250 *\nS: 250 *\nS: 354 *\n", busy)
        async let stopped: Void = server.server.stop()
        try await play("S: 421 4.3.2 *\nS! closed\n", idle)
        try await play("C: x\nC: .\nS: 250 2.0.0 *\nS: 421 4.3.2 *\nS! closed\n", busy)
        await stopped
        #expect(server.server.openSessions == 0)
        await #expect(throws: (any Error).self) { try await server.connect() }
    }

    @Test func drainEnds() async throws {
        var limits = Limits()
        limits.drain = .milliseconds(50)
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let busy = try await server.connect()
        try await play(hello + "C: MAIL FROM:<>\nS: 250 *\n", busy)
        await server.server.stop()
        try await play("S! closed\n", busy)
        try await server.wait { server.server.openSessions == 0 }
    }

    @Test func portInUse() async throws {
        let server = try await ReceiveTestServer()
        let other = SMTPServer(
            group: MultiThreadedEventLoopGroup.singleton, policy: FixedPolicy(current: PolicySnapshot(generation: 1, hostname: "x")),
            inspectors: ScriptedInspectors(), log: SilentMailLog(), clock: ManualLoop())
        let failure = await #expect(throws: ReceiveFailure.self) {
            try await other.start([SMTPListener(.port("127.0.0.1", 0)), SMTPListener(.port("127.0.0.1", server.port))])
        }
        #expect(failure?.description.contains("127.0.0.1:\(server.port)") == true)
        #expect(failure?.description.contains("another program") == true)
        let wrong = await #expect(throws: ReceiveFailure.self) { try await other.start([SMTPListener(.port("not-an-address", 1))]) }
        #expect(wrong?.description.contains("not-an-address:1") == true)
        await server.server.stop()
    }

    @Test func certificateErrorsNameTheFile() async throws {
        let (one, other) = (try TestCertificate(names: ["DNS:one.example"]), try TestCertificate(names: ["DNS:other.example"]))
        defer { one.remove(); other.remove() }
        let (certificate, key, otherKey) = (one.certificateFile, one.keyFile, other.keyFile)
        #expect(throws: Never.self) { try ServerTLS(certificate: certificate, key: key) }
        for (c, k, named) in [
            ("/nowhere/cert.pem", key, "/nowhere/cert.pem"), (certificate, "/nowhere/key.pem", "/nowhere/key.pem"),
            (certificate, certificate, certificate), (certificate, otherKey, otherKey),
        ] {
            let failure = #expect(throws: ReceiveFailure.self) { try ServerTLS(certificate: c, key: k) }
            #expect(failure?.description.contains(named) == true)
        }
    }

    @Test func logTellsOfSessions() async throws {
        let server = try await ReceiveTestServer()
        let client = try await server.connect()
        try await play("S: 220 *\nC: NONSENSE\nS: 500 *\nC: QUIT\nS: 221 *\nS! closed\n", client)
        try await server.wait { server.log.events.count == 3 }
        #expect(server.log.events.map { $0.prefix { $0 != " " } } == ["connect", "refused", "disconnect"])
        #expect(server.log.events.allSatisfy { $0.contains("session=1 ") })
        await server.server.stop()
    }
}
