import GatewayTestKit
import Mail
import NIOCore
import Testing

@testable import Deliver

/// What a next hop may do wrong, and what becomes of the message for recipients a and b.
@Suite struct MisbehavingNextHopTests {
    private static func delivery(_ row: Misbehaviour) -> Delivery {
        Delivery {
            if row.isSlow { ($0.replyTimeout, $0.connectTimeout) = (.seconds(6), .seconds(6)) }
        }
    }

    private static func hop(_ server: ScriptedNextHop, _ row: Misbehaviour) -> NextHop {
        var hop = server.hop(tls: row.transport == .opportunisticTLS ? .opportunistic : .never, preference: 1)
        hop.isLMTP = row.transport == .lmtp
        return hop
    }

    private static func message(_ row: Misbehaviour) -> String {
        row.isAboutLargeMessages ? String(repeating: String(repeating: "x", count: 78) + "\r\n", count: 200_000) : "Subject: x\r\n\r\nx\r\n"
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
