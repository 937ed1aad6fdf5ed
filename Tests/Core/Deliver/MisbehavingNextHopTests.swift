import GatewayTestKit
import Mail
import NIOCore
import Testing

@testable import Deliver

/// What a next hop may do wrong, and what becomes of the message for recipients a and b.
@Suite struct MisbehavingNextHopTests {
    private static func delivery(_ row: Misbehaviour) -> Delivery {
        Delivery {
            if row.isSlow { ($0.replyTimeout, $0.endOfDataTimeout, $0.connectTimeout) = (.seconds(6), .seconds(6), .seconds(6)) }
        }
    }

    private static func hop(_ server: ScriptedNextHop, _ row: Misbehaviour) -> NextHop {
        var hop = server.hop(tls: row.transport == .opportunisticTLS ? .opportunistic : .never, preference: 1)
        hop.isLMTP = row.transport == .lmtp
        return hop
    }

    private static func message(_ row: Misbehaviour) -> String {
        "Subject: x\r\n\r\n" + String(repeating: String(repeating: "x", count: 78) + "\r\n", count: row.lineCount)
    }

    @Test(arguments: Misbehaviour.all) func row(_ row: Misbehaviour) async throws {
        let server = try await ScriptedNextHop(extensions: row.extensions, script: row.script)
        let delivery = Self.delivery(row)
        let report = await delivery.send(Self.message(row), to: ["a@d.example", "b@d.example"], via: Self.hop(server, row))
        #expect(report.words == row.words, "\(report.details)")
        #expect(row.says.isEmpty || report.details[0].contains(row.says), "\(report.details)")
        // And the next message is none the worse for it: the same outcome, or the same delivery.
        if row.words.last == "delivered 250", row.transport != .lmtp {
            #expect(await delivery.send(to: ["c@d.example"], via: Self.hop(server, row)).words == ["delivered 250"])
        }
        if row.isFault { #expect(await eventually { delivery.client.openConnections == 0 }) }
        await server.close()
    }

    @Test func refusedConnection() async throws {
        // Discard (RFC 863): nobody listens there, and no other test can be given this port.
        let report = await Delivery().send(via: NextHop(host: "127.0.0.1", port: 9, tls: .never))
        #expect(report.words == ["deferred - fault"])
        #expect(report.details == ["connect to 127.0.0.1[127.0.0.1]:9: connection refused"])
        #expect(report.nextHop == "127.0.0.1[127.0.0.1]:9")
    }

    /// Nobody else gets what a server may have taken; what it refused for good another may take, and a silent one has no say in that.
    @Test func whatMovesOnAndWhatDoesNot() async throws {
        let good = try await ScriptedNextHop()
        let closing = try await ScriptedNextHop { _, moment in moment == .endOfData ? .close : nil }
        #expect(await Delivery().send(via: closing.hop(preference: 1), good.hop(preference: 2)).words == ["deferred -"])
        #expect(good.sessions == 0)
        let refusing = try await ScriptedNextHop { _, moment in moment.verb == "MAIL" ? .reply("550 5.7.1 your address") : nil }
        #expect(await Delivery().send(via: refusing.hop(preference: 1), good.hop(preference: 2)).words == ["delivered 250"])
        let gone = NextHop(host: "127.0.0.1", port: 9, preference: 2, tls: .never)
        for preference in [1, 3] {
            #expect(await Delivery().send(via: refusing.hop(preference: preference), gone).words == ["bounced 550"])
        }
        for hop in [good, closing, refusing] { await hop.close() }
    }

    /// A pool has no memory of servers whose connections are all gone.
    @Test func nothingIsLeftInThePool() async throws {
        let hop = try await ScriptedNextHop { _, moment in moment == .command("RCPT TO:<b@d.example>") ? .close : nil }
        let delivery = Delivery()
        #expect(await delivery.send(via: hop.hop()).words == ["delivered 250"])
        #expect(delivery.client.pool.keyCount == 1)
        _ = await delivery.send(to: ["b@d.example"], via: hop.hop())
        #expect(await eventually { delivery.client.pool.keyCount == 0 })
        await hop.close()
    }

    @Test func everyFaultMovesOnToTheNextHop() async throws {
        let good = try await ScriptedNextHop()
        await withTaskGroup(of: Void.self) { group in
            for row in Misbehaviour.all where row.words.contains(where: { $0.hasSuffix("fault") }) {
                group.addTask {
                    guard let bad = try? await ScriptedNextHop(extensions: row.extensions, script: row.script) else { return }
                    let report = await Self.delivery(row).send(
                        Self.message(row), to: ["a@d.example", "b@d.example"], via: Self.hop(bad, row), good.hop(preference: 2))
                    #expect(report.words == ["delivered 250", "delivered 250"], "\(row): \(report.details)")
                    await bad.close()
                }
            }
        }
        await good.close()
    }
}
