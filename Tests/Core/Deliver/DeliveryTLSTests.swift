import GatewayTestKit
import Mail
import NIOSSL
import Testing

@testable import Deliver

/// STARTTLS towards next hops that have it, lack it, or break it.
@Suite struct DeliveryTLSTests {
    @Test func encryptsWhereItCan() async throws {
        let certificate = try TestCertificate(names: ["DNS:other.example"])
        defer { certificate.remove() }
        let hop = try await ScriptedNextHop(tls: try certificate.serverContext())
        for mode in [NextHop.TLSMode.opportunistic, .require] {
            let delivery = Delivery()
            for _ in 0..<2 {
                let report = await delivery.send(via: hop.hop(tls: mode))
                #expect(report.words == ["delivered 250"])
                #expect(report.tls?.version == "TLSv1.3")
                #expect(hop.messages.last?.isEncrypted == true)
            }
        }
        #expect(hop.sessions == 2)
        let clear = await Delivery().send(via: hop.hop(tls: .never))
        #expect(clear.words == ["delivered 250"])
        #expect(clear.tls == nil)
        #expect(hop.messages.last?.isEncrypted == false)
        await hop.close()
    }

    @Test func opportunisticTakesOldTLSAndRequireDoesNot() async throws {
        let certificate = try TestCertificate(names: ["DNS:localhost"])
        defer { certificate.remove() }
        let hop = try await ScriptedNextHop(
            tls: try certificate.serverContext {
                $0.minimumTLSVersion = .tlsv1
                $0.maximumTLSVersion = .tlsv1
                $0.cipherSuites = "ALL"
            })
        #expect(await Delivery().send(via: hop.hop(tls: .opportunistic)).tls?.version == "TLSv1")
        #expect(await Delivery().send(via: hop.hop(tls: .require)).words == ["deferred - fault"])
        await hop.close()
    }

    @Test func verifyChecksTheChainAndTheName() async throws {
        let certificate = try TestCertificate(names: ["DNS:localhost", "IP:127.0.0.1"])
        let other = try TestCertificate(names: ["DNS:other.example"])
        defer {
            certificate.remove()
            other.remove()
        }
        let hop = try await ScriptedNextHop(tls: try certificate.serverContext())
        let trusting = { Delivery(resolver: TableResolver(["mx.example": ["127.0.0.1"]]), trustRootsFile: certificate.certificateFile) }
        #expect(await trusting().send(via: hop.hop(tls: .verify, host: "localhost")).words == ["delivered 250"])
        #expect(await trusting().send(via: hop.hop(tls: .verify)).words == ["delivered 250"])
        // Right chain, wrong name; then a chain that nobody vouches for.
        let wrongName = await trusting().send(via: hop.hop(tls: .verify, host: "mx.example"))
        #expect(wrongName.words == ["deferred - fault"])
        #expect(wrongName.details[0].hasPrefix("TLS with mx.example[127.0.0.1]:\(hop.port): "), "\(wrongName.details)")
        #expect(wrongName.details[0].hasSuffix("the certificate does not name mx.example"))
        let untrusted = await Delivery(trustRootsFile: other.certificateFile).send(via: hop.hop(tls: .verify, host: "localhost"))
        #expect(untrusted.words == ["deferred - fault"])
        #expect(hop.messages.count == 2)
        await hop.close()
    }

    @Test(arguments: [
        ("mx.example", "mx.example", true), ("MX.Example.", "mx.example", true), ("mx.d.example", "*.d.example", true),
        ("a.mx.d.example", "*.d.example", false), ("d.example", "*.example", false), ("mx.example", "*", false), ("", "", false),
        ("mx.example", "m*.example", false), ("mx.example", "mx.example.evil", false),
    ]) func names(_ host: String, _ pattern: String, _ matches: Bool) {
        #expect(PresentedName.matches(host, pattern: pattern) == matches)
    }

    /// What happens in place of a handshake, to each mode. `session` 1 is the first connection; opportunistic comes again in clear.
    @Test(arguments: ["garbage", "close", "refused", "not offered", "stall"], [NextHop.TLSMode.opportunistic, .require, .verify])
    func brokenTLS(_ what: String, _ mode: NextHop.TLSMode) async throws {
        let hop = try await ScriptedNextHop { _, moment in
            switch (moment.verb, what) {
            case ("EHLO", "not offered"): nil
            case ("EHLO", _): .reply("250-hop\r\n250 STARTTLS")
            case ("STARTTLS", "close"): .replyThenClose("220 go")
            case ("STARTTLS", "refused"): .reply("454 4.7.0 not now")
            case ("STARTTLS", "garbage"): .brokenTLS("220 go")
            case ("STARTTLS", _): .replyThenStall("220 go")
            default: nil
            }
        }
        let report = await Delivery { if what == "stall" { $0.connectTimeout = .seconds(3) } }.send(via: hop.hop(tls: mode))
        #expect(report.words[0].hasPrefix(mode == .opportunistic ? "delivered" : "deferred"), "\(report.details)")
        if mode == .opportunistic {
            #expect(hop.messages.map(\.isEncrypted) == [false])
            #expect(report.tls == nil)
        } else {
            #expect(hop.messages.isEmpty)
            guard case .deferred(let failure)? = report.outcomes.first else { return }
            #expect(failure.isNextHopsFault)
        }
        await hop.close()
    }

    @Test(arguments: ["250 2.1.0 injected\r\n", "2"]) func bytesInClearBehindStartTLSAreAnAttack(_ injected: String) async throws {
        let certificate = try TestCertificate(names: ["DNS:localhost"])
        defer { certificate.remove() }
        let hop = try await ScriptedNextHop(tls: try certificate.serverContext()) { _, moment in
            moment.verb == "STARTTLS" ? .injected(Array(injected.utf8)) : nil
        }
        for mode in [NextHop.TLSMode.opportunistic, .require] {
            let report = await Delivery().send(via: hop.hop(tls: mode))
            #expect(report.words == ["deferred - fault"])
            #expect(report.details[0].contains("attack"))
        }
        #expect(hop.messages.isEmpty)
        await hop.close()
    }
}
