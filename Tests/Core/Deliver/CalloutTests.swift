import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Deliver

/// Callouts against real sockets: what is asked, what is made of the replies, and what is remembered.
struct CalloutTests {
    /// Knows `known...`; everything else is refused with `refusal`.
    private func hop(_ refusal: String = "550 5.1.1 no such user") async throws -> ScriptedNextHop {
        try await ScriptedNextHop { _, moment in
            guard moment.verb == "RCPT", case .command(let line) = moment, !line.contains("<known") else { return nil }
            return .reply(refusal)
        }
    }

    private struct Callouts: Sendable {
        let delivery: Delivery
        let clock = ManualLoop()
        let verifier: CalloutVerifier

        init(_ delivery: Delivery = Delivery()) {
            self.delivery = delivery
            verifier = CalloutVerifier(delivery.client, clock: clock)
        }

        func ask(_ address: String, _ hops: NextHop..., timeout: Duration = .seconds(20)) async -> RecipientExistence {
            var callout = CalloutPolicy()
            callout.timeout = timeout
            return await withCheckedContinuation { done in
                verifier.verify(EmailAddress(unchecked: address)!, nextHops: hops, callout) { done.resume(returning: $0) }
            }
        }
    }

    private func recipients(_ hop: ScriptedNextHop) -> [String] {
        hop.commands.filter { $0.hasPrefix("RCPT") && !$0.contains("no-such-mailbox-") }
    }

    @Test func yesAndNoAreRemembered() async throws {
        let hop = try await hop()
        let callouts = Callouts()
        for _ in 1...3 {
            #expect(await callouts.ask("known@d.example", hop.hop()) == .exists)
            #expect(await callouts.ask("other@d.example", hop.hop()) == .unknown("550 5.1.1 no such user"))
        }
        #expect(recipients(hop) == ["RCPT TO:<known@d.example>", "RCPT TO:<other@d.example>"])
        #expect(hop.commands.contains("MAIL FROM:<>") && !hop.commands.contains("DATA"))
        // One connection did for both, and one question about nobody.
        #expect(hop.sessions == 1)
        #expect(hop.commands.filter { $0.contains("no-such-mailbox-") }.count == 1)
        // A no is forgotten sooner than a yes.
        callouts.clock.advance(by: .seconds(3601))
        _ = await callouts.ask("known@d.example", hop.hop())
        _ = await callouts.ask("other@d.example", hop.hop())
        #expect(recipients(hop).count == 3)
        callouts.clock.advance(by: .seconds(86_400))
        _ = await callouts.ask("known@d.example", hop.hop())
        #expect(recipients(hop).count == 4)
        #expect(hop.commands.filter { $0.contains("no-such-mailbox-") }.count == 2)
        await hop.close()
    }

    @Test func aNextHopThatTakesEverythingProvesNothingAndIsNotAskedAgain() async throws {
        let hop = try await ScriptedNextHop()
        let callouts = Callouts()
        for n in 1...5 { #expect(await callouts.ask("r\(n)@d.example", hop.hop()) == .exists) }
        #expect(recipients(hop).count == 1)
        callouts.clock.advance(by: .seconds(86_401))
        _ = await callouts.ask("r6@d.example", hop.hop())
        #expect(recipients(hop).count == 2)
        await hop.close()
    }

    @Test(arguments: [
        ("550 no such user", true), ("550 5.1.1 no", true), ("551 5.1.6 moved", true), ("553 5.1.3 bad", true),
        ("550 5.2.1 disabled", true),
        ("550 5.4.1 access denied", true), ("550 5.7.1 relaying denied", false), ("552 5.2.2 full", false), ("554 5.7.1 blocked", false),
        ("554 no", false), ("530 5.7.0 login first", false), ("450 4.2.1 later", false), ("451 4.7.1 greylisted", false),
    ])
    func whatARefusalSays(_ row: (reply: String, isUnknown: Bool)) async throws {
        let hop = try await hop(row.reply)
        let answer = await Callouts().ask("other@d.example", hop.hop())
        if case .unknown = answer {
            #expect(row.isUnknown)
        } else if case .undetermined = answer {
            #expect(!row.isUnknown)
        } else {
            Issue.record("\(answer)")
        }
        await hop.close()
    }

    @Test func anotherNextHopIsAskedWhenTheFirstIsDown() async throws {
        let hop = try await hop()
        let dead = NextHop(host: "127.0.0.1", port: FreePort.take(), preference: 1, tls: .never)
        #expect(await Callouts().ask("other@d.example", dead, hop.hop()) == .unknown("550 5.1.1 no such user"))
        await hop.close()
    }

    @Test func nobodyAnswersAndForAWhileNobodyIsAsked() async throws {
        let dead = NextHop(host: "127.0.0.1", port: FreePort.take(), preference: 1, tls: .never)
        let callouts = Callouts()
        guard case .undetermined(let why) = await callouts.ask("a@d.example", dead) else { return #expect(Bool(false)) }
        #expect(why.contains("connection refused"))
        #expect(await callouts.ask("b@d.example", dead) == .undetermined(why))
        // Other next hops, other answers.
        let hop = try await hop()
        #expect(await callouts.ask("known@d.example", hop.hop()) == .exists)
        await hop.close()
    }

    @Test func aRefusedNullReversePathSaysNothing() async throws {
        let hop = try await ScriptedNextHop { _, moment in moment.verb == "MAIL" ? .reply("550 5.7.1 no bounces here") : nil }
        guard case .undetermined = await Callouts().ask("a@d.example", hop.hop()) else { return #expect(Bool(false)) }
        await hop.close()
    }

    @Test func equalQuestionsAreAskedOnceAndManyShareTransactions() async throws {
        let hop = try await hop()
        let callouts = Callouts()
        // The first one tells how strict the server is; the others come while it is under way.
        let answers = await withTaskGroup(of: RecipientExistence.self) { group in
            for n in 0..<200 { group.addTask { await callouts.ask("known\(n % 50)@d.example", hop.hop()) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 200 && answers.allSatisfy { $0 == .exists })
        #expect(recipients(hop).count == 50)
        #expect(hop.sessions <= CalloutLine.concurrency)
        await hop.close()
    }

    @Test func aSlowNextHopIsNotWaitedFor() async throws {
        let hop = try await ScriptedNextHop { _, moment in moment.verb == "RCPT" ? .stall : nil }
        let callouts = Callouts()
        #expect(await callouts.ask("a@d.example", hop.hop(), timeout: .milliseconds(150)) == .undetermined("no answer in time"))
        #expect(await callouts.ask("b@d.example", hop.hop(), timeout: .milliseconds(150)) == .undetermined("no answer in time"))
        await callouts.delivery.client.shutdown(within: .zero)
        guard case .undetermined = await callouts.ask("c@d.example", hop.hop()) else { return #expect(Bool(false)) }
        await hop.close()
    }

    @Test func requiredTLSIsRequiredOfCalloutsToo() async throws {
        let hop = try await hop()
        guard case .undetermined = await Callouts().ask("known@d.example", hop.hop(tls: .require)) else { return #expect(Bool(false)) }
        #expect(recipients(hop).isEmpty)
        await hop.close()
    }

    /// A message goes over the connection that a callout left, behind an RSET.
    @Test func deliveriesUseTheConnection() async throws {
        let hop = try await hop()
        let callouts = Callouts()
        _ = await callouts.ask("known@d.example", hop.hop())
        #expect(await callouts.delivery.send(to: ["known@d.example"], via: hop.hop()).words == ["delivered 250"])
        #expect(hop.sessions == 1)
        #expect(hop.commands.contains("RSET"))
        await hop.close()
    }

    @Test func theCacheIsBoundedAndForgetsWhatNobodyAsksFor() {
        var cache = ExpiringCache<Int, Int>(capacity: 100)
        let now = Timestamp(seconds: 1000)
        for n in 0..<10_000 {
            cache.set(n, n, until: now + .seconds(60))
            _ = cache.value(0, at: now)
            #expect(cache.count <= 100)
        }
        #expect(cache.value(0, at: now) == 0)
        #expect(cache.value(9_999, at: now) == 9_999)
        #expect(cache.value(5_000, at: now) == nil)
        #expect(cache.value(9_999, at: now + .seconds(60)) == nil)
    }
}
