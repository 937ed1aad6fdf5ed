import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// AUTH: who is asked, who is refused, and what is written of it.
@Suite struct LoginTests {
    private func gate(
        _ filters: [ScriptedFilter] = [], edge: EdgePolicy = EdgePolicy(), limits: Limits = Limits(),
        _ authenticator: ScriptedAuthenticator = ScriptedAuthenticator(["anna@a.example": ("secret", "a.example")])
    ) throws -> Gate {
        let gate = try Gate(
            filters, policy([OutboundTests.sender("a.example")], outboundEdge: edge, limits: limits), role: .outbound,
            authenticator: authenticator)
        gate.connect()
        gate.helo()
        return gate
    }

    @Test func rightAndWrong() throws {
        let gate = try gate()
        gate.login("anna@a.example", "wrong")
        #expect(gate.last == "auth 535 5.7.8 Authentication failed")
        gate.login("nobody@a.example", "secret")
        // The peer must not learn which of the two it was.
        #expect(gate.last == "auth 535 5.7.8 Authentication failed")
        gate.login("anna@a.example", "secret")
        #expect(gate.last == "auth accepted anna@a.example")
        let refused = gate.log.events("refused")
        #expect(refused.map { $0.text("reason") } == ["another password", "no such login"])
        #expect(refused.allSatisfy { $0.text("at") == "auth" && $0.text("client") == "192.0.2.1" })
        #expect(gate.log.events("authenticated")[0].text("login") == "anna@a.example")
        // Never the password, in no field.
        for event in gate.log.events { for (_, value) in event.fields { #expect(value != .text("secret") && value != .text("wrong")) } }
    }

    @Test func nobodyKnowsAccounts() throws {
        let gate = try Gate([], policy(), role: .outbound)
        gate.login("a", "b")
        #expect(gate.last.hasPrefix("auth 454 4.7.0"))
    }

    @Test func whatCannotBeCheckedIsNoFailure() throws {
        var limits = Limits()
        limits.failedLoginsPerMinute = 2
        let authenticator = ScriptedAuthenticator(["anna@a.example": ("secret", "a.example")])
        let gate = try gate(limits: limits, authenticator)
        authenticator.fail("the file cannot be read")
        for _ in 1...5 { gate.login("anna@a.example", "secret") }
        #expect(gate.last == "auth 454 4.7.0 Authentication is not possible now, try again later")
        authenticator.fail(nil)
        gate.login("anna@a.example", "secret")
        #expect(gate.last == "auth accepted anna@a.example")
    }

    @Test func tooManyFailuresOfAClientAreNotLookedAtForAMinute() throws {
        var limits = Limits()
        limits.failedLoginsPerMinute = 3
        let authenticator = ScriptedAuthenticator(["anna@a.example": ("secret", "a.example")])
        let gate = try gate(limits: limits, authenticator)
        for _ in 1...2 { gate.login("anna@a.example", "guess") }
        gate.reconnect()
        gate.login("anna@a.example", "guess")
        #expect(authenticator.asked.count == 3)
        gate.login("anna@a.example", "secret")
        #expect(gate.last == "auth 454 4.7.0 Authentication is not possible now, try again later")
        #expect(authenticator.asked.count == 3)
        #expect(gate.log.events("refused").last?.text("reason") == "limit failed_logins_per_minute")
        gate.loop.advance(by: .seconds(120))
        gate.login("anna@a.example", "secret")
        #expect(gate.last == "auth accepted anna@a.example")
    }

    /// Those being checked count too, or sessions side by side would all be let in; a right password takes its count back.
    @Test func loginsSideBySide() throws {
        var limits = Limits()
        limits.failedLoginsPerMinute = 2
        let authenticator = ScriptedAuthenticator(["anna@a.example": ("secret", "a.example")])
        let gate = try gate(limits: limits, authenticator)
        for _ in 1...5 {
            gate.login("anna@a.example", "secret")
            gate.reconnect()
        }
        #expect(authenticator.asked.count == 5)
        authenticator.hold()
        for _ in 1...5 {
            gate.login("anna@a.example", "guess")
            gate.reconnect()
        }
        #expect(authenticator.asked.count == 7)
    }

    @Test func theEdgesFiltersSeeTheLoginAndNoPassword() throws {
        let filter = ScriptedFilter("watch", phases: [.auth]) { _ in .done([Symbol(name: "NIGHT", defaultScore: 3)]) }
        let gate = try gate([filter], edge: EdgePolicy(filters: [[slot("watch")]]))
        gate.login("anna@a.example", "wrong")
        #expect(filter.calls.isEmpty)
        gate.login("anna@a.example", "secret")
        #expect(filter.calls.map(\.session.login) == ["anna@a.example"])
        #expect(filter.calls[0].phase == .auth)
        gate.mail("anna@a.example")
        gate.rcpt("b@world.example")
        gate.data()
        #expect(gate.copies[0].score == 3)
    }

    @Test(arguments: [
        (Thresholds(reject: 3), "535 5.7.8 Authentication failed"),
        (Thresholds(defer: 3), "454 4.7.0 Authentication is not possible now, try again later"),
    ])
    func theEdgeRefusesALogin(_ row: (Thresholds, String)) throws {
        let filter = ScriptedFilter("watch", phases: [.auth]) { _ in .done([Symbol(name: "NIGHT", defaultScore: 3)]) }
        let gate = try gate([filter], edge: EdgePolicy(filters: [[slot("watch")]], thresholds: row.0))
        gate.login("anna@a.example", "secret")
        #expect(gate.last == "auth \(row.1)")
        let line = try #require(gate.log.events("refused").first)
        #expect(line.text("at") == "auth" && line.text("login") == "anna@a.example" && line.text("symbols") == "NIGHT(3)")
        #expect(gate.log.events("authenticated").isEmpty)
        // And it has not logged in.
        #expect(gate.facts.login == nil)
        gate.mail("anna@a.example")
        #expect(gate.last.hasPrefix("mail 530") || gate.last.hasPrefix("mail 5"))
    }

    @Test func closeWhileThePasswordIsChecked() throws {
        let authenticator = ScriptedAuthenticator(["anna@a.example": ("secret", "a.example")])
        authenticator.hold()
        let gate = try gate([], authenticator)
        gate.login("anna@a.example", "secret")
        gate.session.close()
        authenticator.answer()
        gate.loop.runPending()
        #expect(gate.last == "helo go on")
        #expect(gate.log.events("authenticated").isEmpty)
    }
}
