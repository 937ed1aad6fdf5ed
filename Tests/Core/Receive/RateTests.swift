import GatewayTestKit
import Mail
import NIOCore
import NIOEmbedded
import Testing

@testable import Receive

@Suite struct RateTests {
    private func play(_ text: String, _ client: SocketTransport) async throws {
        try await Transcript(name: "dialogue", text: text).run(over: client)
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let a = IPAddress("192.0.2.1")!
    private let b = IPAddress("192.0.2.2")!

    @Test func withinAMinute() {
        let rates = ClientRates()
        for _ in 0..<5 { #expect(rates.admit(a, limit: 5, now: start)) }
        #expect(!rates.admit(a, limit: 5, now: start))
        #expect(rates.admit(b, limit: 5, now: start))
        #expect(rates.admit(a, limit: 0, now: start))
    }

    /// The end of one minute and the beginning of the next are one stretch of time.
    @Test func theMinuteSlides() {
        let rates = ClientRates()
        for _ in 0..<10 { #expect(rates.admit(a, limit: 10, now: start)) }
        func burst(_ now: NIODeadline) -> Int {
            var admitted = 0
            while rates.admit(a, limit: 10, now: now) { admitted += 1 }
            return admitted
        }
        // A second into the next minute nearly all of them still count; in the middle of it half of them; then none.
        let next = NIODeadline.uptimeNanoseconds(1_021_000_000_000)
        #expect(burst(next) <= 1)
        #expect((3...5).contains(burst(next + .seconds(29))))
        #expect(rates.admit(a, limit: 10, now: next + .minutes(3)))
    }

    @Test func sessionsPerMinute() async throws {
        var limits = Limits()
        limits.sessionsPerMinute = 2
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        for _ in 0..<2 {
            let client = try await server.connect()
            try await play("S: 220 *\nC: QUIT\nS: 221 *\n", client)
            await client.close()
        }
        // Where the counted minute turns just now, one more may pass.
        var greetings: [String] = []
        for _ in 0..<2 {
            let client = try await server.connect()
            greetings.append(String(try await client.receiveLine()?.prefix(9) ?? ""))
            await client.close()
        }
        #expect(greetings.last == "421 4.7.0")
        #expect(server.log.events.contains { $0.contains("limit sessions_per_minute") })
        await server.server.stop()
    }

    @Test func messagesAndRecipientsPerMinute() async throws {
        var limits = Limits()
        limits.messagesPerMinute = 2
        limits.recipientsPerMinute = 3
        let server = try await ReceiveTestServer(ScriptedInspectors(limits: limits))
        let client = try await server.connect()
        try await play(
            """
            S: 220 *
            C: EHLO c
            S* 250
            C: MAIL FROM:<>
            C: RCPT TO:<user@example.com>
            C: RCPT TO:<unknown@example.com>
            C: RSET
            C: MAIL FROM:<>
            C: RCPT TO:<user@example.com>
            C: RCPT TO:<second@example.com>
            C: RSET
            C: MAIL FROM:<>
            S: 250 *
            S: 250 *
            S: 550 *
            S: 250 *
            S: 250 *
            S: 250 *
            S: 450 4.7.1 *
            S: 250 *
            S: 450 4.7.1 *

            """, client)
        await client.close()
        await server.server.stop()
    }

    @Test func sessionsOfOneNetwork() {
        let registry = SessionRegistry()
        var limits = Limits()
        limits.sessionsPerNetwork = 2
        limits.sessions = 4
        let inspectors = ScriptedInspectors()
        let services = SessionServices(
            policy: FixedPolicy(current: PolicySnapshot(generation: 1, hostname: "x")), inspectors: inspectors, log: SilentMailLog(),
            clock: ManualLoop())
        let handler = SessionHandler(channel: EmbeddedChannel(), listener: SMTPListener(.port("127.0.0.1", 25)), services: services)
        func admit(_ id: UInt64, _ client: String?) -> SessionRegistry.Admission {
            registry.admit(handler, id: id, client: client.flatMap { IPAddress($0) }, limits: limits)
        }
        #expect(admit(1, "192.0.2.1") == .admitted)
        #expect(admit(2, "192.0.2.200") == .admitted)
        #expect(admit(3, "192.0.2.3") == .tooManyOfNetwork)
        #expect(admit(4, "192.0.3.1") == .admitted)
        #expect(registry.leave(id: 1, client: IPAddress("192.0.2.1")))
        #expect(!registry.leave(id: 1, client: IPAddress("192.0.2.1")))
        #expect(admit(5, "192.0.2.3") == .admitted)
        #expect(admit(6, nil) == .admitted)
        #expect(admit(7, nil) == .tooMany)
        #expect(registry.leave(id: 6, client: nil))
        // One client has a /64 of IPv6, one network a /48.
        limits.sessionsPerClient = 1
        #expect(admit(8, "2001:db8:0:1::1") == .admitted)
        #expect(registry.leave(id: 5, client: IPAddress("192.0.2.3")))
        #expect(admit(9, "2001:db8:0:1::2") == .tooManyOfClient)
        #expect(admit(10, "2001:db8:0:2::1") == .admitted)
        #expect(registry.leave(id: 4, client: IPAddress("192.0.3.1")))
        #expect(admit(11, "2001:db8:0:3::1") == .tooManyOfNetwork)
    }
}
