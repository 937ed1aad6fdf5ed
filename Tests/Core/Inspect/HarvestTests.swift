import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// Searches for addresses, and callouts.
@Suite struct HarvestTests {
    private func gate(_ most: Int = 3, _ recipients: RecipientPolicy = .list(["known"]), _ verifier: ScriptedVerifier? = nil) throws -> Gate
    {
        var limits = Limits()
        limits.unknownRecipients = most
        let gate = try Gate([], policy([domain { $0.recipients = recipients }], limits: limits), verifier: verifier)
        begin(gate)
        return gate
    }

    private func begin(_ gate: Gate) {
        gate.connect()
        gate.helo()
        gate.mail()
    }

    @Test func aSessionThatSearchesIsEnded() throws {
        let gate = try gate()
        for n in 1...2 {
            gate.rcpt("guess\(n)@example.org")
            #expect(gate.last == "rcpt 550 5.1.1 No such recipient")
        }
        // Others of the session do not count.
        gate.rcpt("x@elsewhere.example")
        gate.rcpt("known@example.org")
        gate.rcpt("guess3@example.org")
        #expect(gate.last == "rcpt 421 4.7.0 Too many unknown recipients")
        let line = try #require(gate.log.events("harvest").first)
        #expect(line.text("client") == "192.0.2.1")
    }

    @Test func aClientThatSearchesInManySessionsGetsOneGuessASession() throws {
        let gate = try gate(4)
        for session in 1...7 {
            if session > 1 {
                gate.reconnect()
                begin(gate)
            }
            for n in 1...3 where gate.log.events("harvest").isEmpty { gate.rcpt("guess\(session)-\(n)@example.org") }
        }
        // Five times what one session may have.
        #expect(gate.log.events("harvest").count == 1)
        #expect(gate.last.hasPrefix("rcpt 421"))
        gate.reconnect()
        begin(gate)
        gate.rcpt("known@example.org")
        #expect(gate.last.hasPrefix("rcpt 250"))
        gate.rcpt("guess@example.org")
        #expect(gate.last.hasPrefix("rcpt 421"))
        gate.loop.advance(by: .seconds(1300))
        gate.reconnect()
        begin(gate)
        gate.rcpt("guess@example.org")
        #expect(gate.last.hasPrefix("rcpt 550"))
    }

    // MARK: Callouts

    @Test func theNextHopDecides() throws {
        let verifier = ScriptedVerifier { address in
            switch address.localPart {
            case "known", "known+tag": .exists
            case "down": .undetermined("connect to 192.0.2.9: connection refused")
            default: .unknown("550 5.1.1 no such user here")
            }
        }
        let gate = try gate(20, .callout(CalloutPolicy()), verifier)
        for (address, reply) in [
            ("known@example.org", "250"), ("known+tag@example.org", "250"), ("down@example.org", "250"),
            ("other@example.org", "550 5.1.1 No such recipient"), ("abuse@example.org", "250"), ("postmaster@example.org", "250"),
        ] {
            gate.rcpt(address)
            #expect(gate.last.hasPrefix("rcpt \(reply)"), "\(address): \(gate.last)")
        }
        #expect(verifier.asked.map(\.localPart) == ["known", "known+tag", "down", "other"])
        #expect(gate.log.events("refused")[0].text("reason") == "callout: 550 5.1.1 no such user here")
        gate.data()
        // Delivered as given.
        #expect(gate.copies.map(\.address.localPart) == ["known", "known+tag", "down", "abuse", "postmaster"])
    }

    @Test func undeterminedMayDefer() throws {
        var callout = CalloutPolicy()
        callout.undetermined = .defer
        let gate = try gate(1, .callout(callout), ScriptedVerifier { _ in .undetermined("timeout") })
        for _ in 1...3 { gate.rcpt("b@example.org") }
        #expect(gate.last == "rcpt 451 4.4.1 The recipient cannot be verified now, try again later")
        #expect(gate.log.events("harvest").isEmpty)
    }

    @Test(arguments: [true, false]) func theSessionMayBeOverBeforeTheAnswer(_ closes: Bool) throws {
        let verifier = ScriptedVerifier { _ in nil }
        let gate = try gate(20, .callout(CalloutPolicy()), verifier)
        gate.rcpt("b@example.org")
        if closes { gate.session.close() } else { gate.session.reset() }
        verifier.answer(.exists)
        gate.loop.runPending()
        #expect(gate.last == "mail go on")
    }
}
