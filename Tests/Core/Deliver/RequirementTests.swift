import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Deliver

/// What filters demand of the way is met, or the mail waits.
@Suite struct RequirementTests {
    private func send(
        _ requirements: [RouteRequirement], to hop: NextHop, trusting: String? = nil,
        asked: @escaping @Sendable (RouteQuestion) -> Void = { _ in }
    ) async -> DeliveryReport {
        let delivery = Delivery(
            resolver: TableResolver(["mx.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]]), trustRootsFile: trusting,
            judge: { question, then in
                asked(question)
                then(.go(requirements))
            })
        return await delivery.send(via: hop)
    }

    @Test func withoutTLSItWaits() async throws {
        let hop = try await ScriptedNextHop()
        let demand = RouteRequirement(minimumTLS: .v12)
        for mode in [NextHop.TLSMode.never, .opportunistic, .require] {
            #expect(await send([RouteRequirement()], to: hop.hop(tls: .never)).words == ["delivered 250"])
            #expect(await send([demand], to: hop.hop(tls: mode)).words[0].hasPrefix("deferred -"), "\(mode)")
        }
        #expect(hop.messages.count == 3)
        await hop.close()
    }

    @Test func noneRelaxesAnother() async throws {
        let certificate = try TestCertificate(names: ["DNS:mx.example"])
        defer { certificate.remove() }
        let hop = try await ScriptedNextHop(
            tls: try certificate.serverContext { $0.maximumTLSVersion = .tlsv12 })
        let trusted = certificate.certificateFile
        let (v12, v13) = (RouteRequirement(minimumTLS: .v12), RouteRequirement(minimumTLS: .v13))
        let report = await send([v12], to: hop.hop(tls: .never))
        #expect(report.words == ["delivered 250"] && report.tls?.version == "TLSv1.2")
        #expect(await send([v13, v12], to: hop.hop()).words == ["deferred - fault"])
        #expect(await send([v12, v13], to: hop.hop()).words == ["deferred - fault"])

        func verified(_ names: String...) -> RouteRequirement { RouteRequirement(isVerified: true, names: names) }
        let (named, other) = (hop.hop(host: "mx.example"), hop.hop(host: "other.example"))
        #expect(await send([verified()], to: named, trusting: trusted).words == ["delivered 250"])
        #expect(await send([verified()], to: other, trusting: trusted).words == ["deferred - fault"])
        // By another name than the host's own: unless the operator, or another filter, wants that too.
        #expect(await send([verified("x.example", "mx.example")], to: other, trusting: trusted).words == ["delivered 250"])
        #expect(await send([verified("mx.example"), verified()], to: other, trusting: trusted).words == ["deferred - fault"])
        #expect(
            await send([verified("mx.example"), verified("x.example")], to: other, trusting: trusted).details[0].hasSuffix(
                "the certificate names none of x.example"))
        #expect(
            await send([verified("mx.example")], to: hop.hop(tls: .verify, host: "other.example"), trusting: trusted).words
                == ["deferred - fault"])
        #expect(await send([verified()], to: named).words == ["deferred - fault"], "nobody vouches for it")
        await hop.close()
    }

    @Test func onlyServersThatAllMayBeUsed() async throws {
        let hop = try await ScriptedNextHop()
        let certain = RouteRequirement(hosts: ["*.mail.example", "mx.example"], reason: "MTA-STS")
        #expect(await send([certain], to: hop.hop(host: "mx.example")).words == ["delivered 250"])
        let report = await send([certain, RouteRequirement(hosts: ["other.example"], reason: "DANE")], to: hop.hop(host: "mx.example"))
        #expect(report.details == ["4.7.5 none of mx.example may be used (DANE, MTA-STS)"])
        #expect(report.words == ["deferred -"])
        await hop.close()
    }

    @Test(arguments: [(RouteAnswer.wait("4.7.5 not now"), "deferred -"), (.refuse("5.7.5 never"), "bounced -")])
    func noServerIsAsked(_ answer: RouteAnswer, _ word: String) async throws {
        let hop = try await ScriptedNextHop()
        let delivery = Delivery(judge: { $1(answer) })
        let report = await delivery.send(to: ["a@d.example", "b@d.example"], via: hop.hop())
        #expect(report.words == [word, word])
        #expect(report.details[0].hasSuffix(word == "bounced -" ? "never" : "not now"))
        #expect(hop.sessions == 0)
        await hop.close()
    }

    /// An encrypted connection that was made without demands is not taken for one that met them.
    @Test func idleConnectionsAreOfTheirDemands() async throws {
        let certificate = try TestCertificate(names: ["DNS:mx.example"])
        defer { certificate.remove() }
        let hop = try await ScriptedNextHop(tls: try certificate.serverContext())
        let demands = Demands()
        let delivery = Delivery(
            resolver: TableResolver(["mx.example": ["127.0.0.1"]]), trustRootsFile: certificate.certificateFile,
            judge: { _, then in then(.go(demands.next())) })
        for _ in 0..<3 {
            #expect(await delivery.send(via: hop.hop(tls: .opportunistic, host: "mx.example")).words == ["delivered 250"])
        }
        #expect(hop.sessions == 2, "the third goes over the first one's")
        await hop.close()
    }

    private final class Demands: Sendable {
        private let count = Mutex(0)
        func next() -> [RouteRequirement] {
            count.withLock {
                $0 += 1
                return $0 == 2 ? [RouteRequirement(isVerified: true)] : []
            }
        }
    }
}
