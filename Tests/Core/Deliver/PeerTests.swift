import Foundation
import GatewayTestKit
import Mail
import NIOSSL
import Synchronization
import Testing

@testable import Deliver

/// Servers that filters see before they hear of mail.
@Suite struct PeerTests {
    /// Remembers what it was shown, and answers as told.
    private final class Judge: Sendable {
        private let shown = Mutex<[PeerFacts]>([])
        private let held = Mutex<[@Sendable (PeerAnswer) -> Void]>([])
        /// nil: holds the answer.
        let answer: @Sendable (PeerFacts) -> PeerAnswer?
        init(_ answer: @escaping @Sendable (PeerFacts) -> PeerAnswer?) { self.answer = answer }

        var facts: [PeerFacts] { shown.withLock { $0 } }
        var waiting: Int { held.withLock(\.count) }
        var ask: JudgePeer {
            { _, passed, facts, then in
                if passed == 1 { return then(.go(policy: 1)) }
                let facts = facts()
                self.shown.withLock { $0.append(facts) }
                if let answer = self.answer(facts) { then(answer) } else { self.held.withLock { $0.append(then) } }
            }
        }
        func release(_ answer: PeerAnswer) {
            for then in held.withLock({ held in
                defer { held = [] }; return held
            }) { then(answer) }
        }
    }

    private func delivery(_ judge: Judge, trusting: String? = nil) -> Delivery {
        Delivery(
            resolver: TableResolver(["mx.example": ["127.0.0.1"], "two.example": ["127.0.0.2", "127.0.0.1"]]), trustRootsFile: trusting,
            judgePeer: judge.ask)
    }

    @Test func whatIsShown() async throws {
        let certificate = try TestCertificate(names: ["DNS:MX.example", "DNS:*.mail.example", "IP:127.0.0.1"])
        defer { certificate.remove() }
        let hop = try await ScriptedNextHop(tls: try certificate.serverContext())
        let bytes = try NIOSSLCertificate.fromPEMFile(certificate.certificateFile)[0].toDERBytes()
        let key = try NIOSSLCertificate.fromPEMFile(certificate.certificateFile)[0].extractPublicKey().toSPKIBytes()
        let judge = Judge { _ in .go(policy: 1) }
        for mode in [NextHop.TLSMode.opportunistic, .require, .verify] {
            let report = await delivery(judge, trusting: certificate.certificateFile).send(via: hop.hop(tls: mode, host: "mx.example"))
            #expect(report.words == ["delivered 250"])
            let facts = try #require(judge.facts.last)
            #expect(facts.host == "mx.example" && facts.address == IPAddress("127.0.0.1") && facts.port == hop.port)
            #expect(facts.tls?.version == "TLSv1.3" && facts.isVerified == (mode == .verify) && !facts.isLMTP)
            #expect(facts.chain == [PeerCertificate(bytes: bytes, publicKey: key)])
            #expect(facts.names == ["mx.example", "*.mail.example"])
        }
        #expect(await delivery(judge).send(via: hop.hop(tls: .never)).words == ["delivered 250"])
        #expect(judge.facts.last == PeerFacts(host: "127.0.0.1", address: IPAddress("127.0.0.1"), port: hop.port))
        #expect(judge.facts.count == 4)
        await hop.close()
    }

    @Test(arguments: [NextHop.TLSMode.opportunistic, .never]) func theNextServerIsTried(_ mode: NextHop.TLSMode) async throws {
        let certificate = try TestCertificate(names: ["DNS:mx.example"])
        defer { certificate.remove() }
        let (bad, good) = (
            try await ScriptedNextHop(tls: try certificate.serverContext()), try await ScriptedNextHop(tls: try certificate.serverContext())
        )
        for answer in [PeerAnswer.avoid("4.7.5 not this one"), .refuse("5.7.5 never this one")] {
            let judge = Judge { [port = bad.port] in $0.port == port ? answer : .go(policy: 1) }
            let report = await delivery(judge).send(via: bad.hop(tls: mode, preference: 1), good.hop(tls: mode, preference: 2))
            #expect(report.words == ["delivered 250"])
            #expect(judge.facts.map(\.port) == [bad.port, good.port])
        }
        #expect(bad.messages.isEmpty && !bad.commands.contains { $0.hasPrefix("MAIL") } && bad.sessions == 2, "and never in clear")
        #expect(good.messages.count == 2)
        #expect(try await waits { bad.commands.filter { $0 == "QUIT" }.count == 2 })
        await bad.close()
        await good.close()
    }

    @Test func whenNoServerIsLeft() async throws {
        let (one, two) = (try await ScriptedNextHop(), try await ScriptedNextHop())
        func send(_ answers: [Int: PeerAnswer], _ extra: NextHop...) async -> DeliveryReport {
            let judge = Judge { answers[$0.port] }
            let hops = [one.hop(preference: 1), two.hop(preference: 2)] + extra
            return await delivery(judge).send(Region(copying: Array("x\r\n".utf8)), to: ["a@d.example", "b@d.example"], via: hops)
        }
        let (avoid, refuse) = (PeerAnswer.avoid("4.7.5 later"), PeerAnswer.refuse("5.7.5 never"))
        let refused = await send([one.port: refuse, two.port: refuse])
        #expect(refused.words == ["bounced -", "bounced -"])
        #expect(refused.details[0] == "5.7.5 never: 127.0.0.1[127.0.0.1]:\(one.port)" || refused.details[0].hasSuffix(":\(two.port)"))
        for answers in [[one.port: refuse, two.port: avoid], [one.port: avoid, two.port: refuse], [one.port: avoid, two.port: avoid]] {
            let report = await send(answers)
            #expect(report.words == ["deferred - fault", "deferred - fault"])
            #expect(report.details[0].hasPrefix("4.7.5 later"), "\(report.details)")
            #expect(report.isServed)
        }
        // One that cannot be asked may take it yet.
        let dead = NextHop(host: "127.0.0.1", port: FreePort.take(), preference: 3, tls: .never)
        #expect(await send([one.port: refuse, two.port: refuse], dead).words == ["deferred - fault", "deferred - fault"])
        #expect(one.messages.isEmpty && two.messages.isEmpty)
        await one.close()
        await two.close()
    }

    @Test func onceInAConnection() async throws {
        let hop = try await ScriptedNextHop()
        let judge = Judge { _ in .go(policy: 1) }
        let delivery = delivery(judge)
        for _ in 0..<3 { #expect(await delivery.send(via: hop.hop()).words == ["delivered 250"]) }
        #expect(hop.sessions == 1 && judge.facts.count == 1)
        // Another policy.
        let changed = Judge { _ in .go(policy: 2) }
        let again = self.delivery(changed)
        for _ in 0..<3 { #expect(await again.send(via: hop.hop()).words == ["delivered 250"]) }
        #expect(hop.sessions == 2 && changed.facts.count == 3)
        await hop.close()
    }

    /// A connection that was idle is refused: the host's addresses are tried afresh.
    @Test func anIdleConnectionThatIsRefused() async throws {
        let hop = try await ScriptedNextHop()
        let count = Mutex(0)
        let judge = Judge { _ in
            count.withLock {
                $0 += 1
                return $0 == 2 ? .avoid("4.7.5 not now") : .go(policy: 5)
            }
        }
        let delivery = delivery(judge)
        for _ in 0..<2 { #expect(await delivery.send(via: hop.hop()).words == ["delivered 250"]) }
        #expect(hop.sessions == 2 && hop.messages.count == 2 && judge.facts.count == 3)
        await hop.close()
    }

    /// It goes while filters think: nothing was said of the message, so it goes over another connection, and a late answer changes nothing.
    @Test func theServerLeavesMeanwhile() async throws {
        let hop = try await ScriptedNextHop { session, moment in
            // An answer to nothing would be an error too; here the line is cut as soon as the session stands.
            session == 1 && moment.verb == "EHLO" ? .replyThenClose("250 hop") : nil
        }
        let judge = Judge { _ in nil }
        let delivery = delivery(judge)
        async let report = delivery.send(via: hop.hop())
        #expect(try await waits { judge.waiting == 1 })
        let early = await report
        #expect(early.words == ["deferred - fault"], "\(early.details)")
        judge.release(.go(policy: 1))
        async let second = delivery.send(via: hop.hop())
        #expect(try await waits { judge.waiting == 1 })
        judge.release(.go(policy: 1))
        #expect(await second.words == ["delivered 250"])
        #expect(hop.messages.count == 1)
        await hop.close()
    }

    @Test(arguments: [TestCertificate.Kind.ec, .rsa]) func publicKeys(_ kind: TestCertificate.Kind) throws {
        let certificate = try TestCertificate(names: ["DNS:mx.example"], kind: kind)
        defer { certificate.remove() }
        let parsed = try NIOSSLCertificate.fromPEMFile(certificate.certificateFile)[0]
        let bytes = try parsed.toDERBytes()
        let key = try parsed.extractPublicKey().toSPKIBytes()
        #expect(CertificateKey.info(in: bytes) == key)
        for count in 0..<bytes.count { #expect(CertificateKey.info(in: Array(bytes.prefix(count))) == nil) }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var broken = bytes
            for _ in 0..<3 { broken[Int.random(in: 0..<80, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            _ = CertificateKey.info(in: broken)
        }
        #expect(CertificateKey.info(in: [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
    }

    private func waits(_ condition: () -> Bool) async throws -> Bool {
        for _ in 0..<6000 {
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
