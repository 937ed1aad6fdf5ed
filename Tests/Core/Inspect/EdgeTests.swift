import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// The edge's filters before any recipient is known, and what they may refuse.
@Suite struct EdgeTests {
    static let listed = Symbol(name: "LISTED", detail: "zone list.example says 127.0.0.2")

    /// The peer hears a code and generic words; the log has the reason, the filter's name and its symbols.
    @Test(arguments: [Phase.connect, .helo, .mail]) func refusesByTheOperatorsThresholds(_ phase: Phase) throws {
        let filter = ScriptedFilter("rbl", phases: [phase]) { _ in .done([Self.listed]) }
        let gate = try Gate(
            [filter],
            policy(edge: [[slot("rbl")]], edgeScores: ["LISTED": 9], edgeThresholds: Thresholds(reject: 8)))
        gate.connect()
        if phase >= .helo { gate.helo() }
        if phase >= .mail { gate.mail() }
        let code = phase == .connect ? "554" : "550"
        #expect(gate.last == "\(phase) \(code) 5.7.1 Refused by policy")
        #expect(!gate.last.contains("list.example"))
        let line = try #require(gate.log.events("refused").first)
        #expect(line.text("at") == "\(phase)")
        #expect(line.text("reason") == "score 9 >= reject 8")
        #expect(line.text("symbols") == "LISTED(9)")
        #expect(gate.session.queueID == nil)
    }

    /// A filter's own words are for the log; its code is for the peer.
    @Test(arguments: [Phase.helo, .mail]) func aProposalsCodeWithoutItsWords(_ phase: Phase) throws {
        let filter = ScriptedFilter("geo", phases: [phase]) { _ in
            .done([], [Proposal(.defer(Reply(.greylisted, "Your country XX is on our list")))])
        }
        let gate = try Gate([filter], policy(edge: [[slot("geo")]]))
        gate.connect()
        gate.helo()
        if phase == .mail { gate.mail() }
        #expect(gate.last == "\(phase) 450 4.7.1 Not now, try again later")
        #expect(gate.log.events("refused")[0].text("reason") == "geo proposed defer: 450 4.7.1 Your country XX is on our list")
    }

    @Test func defersWith421AtConnect() throws {
        let filter = ScriptedFilter("rbl", phases: [.connect]) { _ in .done([Self.listed]) }
        let gate = try Gate(
            [filter], policy(edge: [[slot("rbl")]], edgeScores: ["LISTED": 9], edgeThresholds: Thresholds(defer: 8)))
        gate.connect()
        #expect(gate.last.hasPrefix("connect 421 4.7.1 "))
    }

    @Test func belowTheThresholdGoesOnAndTheDomainWeighsItForItself() throws {
        let filter = ScriptedFilter("rbl", phases: [.connect]) { _ in .done([Self.listed]) }
        let gate = try Gate(
            [filter],
            policy(
                [domain { $0.scores["LISTED"] = 8 }], edge: [[slot("rbl")]], edgeScores: ["LISTED": 1],
                edgeThresholds: Thresholds(reject: 5)))
        gate.send(to: "b@example.org")
        #expect(gate.copies.map(\.state) == [.quarantined])
        #expect(gate.copies[0].score == 8)
    }

    @Test func detachedAtConnectIsJoinedBeforeRcpt() throws {
        let filter = ScriptedFilter("rbl", phases: [.connect]) { _ in .detaches(joinBefore: .rcpt) }
        let gate = try Gate(
            [filter],
            policy(edge: [[slot("rbl")]], edgeScores: ["LISTED": 9], edgeThresholds: Thresholds(reject: 8)))
        gate.connect()
        gate.helo()
        gate.mail()
        #expect(gate.heard.all == ["connect go on", "helo go on", "mail go on"])
        gate.rcpt("b@example.org")
        #expect(gate.heard.all.count == 3)
        filter.runs[0].finish([Self.listed])
        #expect(gate.last.hasPrefix("rcpt 550 5.7.1"))
    }

    @Test(arguments: [Phase.helo, .mail, .rcpt, .data]) func joinsBeforeThePhaseNamed(_ phase: Phase) throws {
        let filter = ScriptedFilter("slow", phases: [.connect]) { _ in .detaches(joinBefore: phase) }
        let gate = try Gate([filter], policy(edge: [[slot("slow")]]))
        gate.connect()
        let steps: [(Phase, () -> Void)] = [
            (.helo, { gate.helo() }), (.mail, { gate.mail() }), (.rcpt, { gate.rcpt("b@example.org") }), (.data, { gate.data() }),
        ]
        for (step, ask) in steps {
            ask()
            if step == phase {
                #expect(!gate.last.hasPrefix("\(step)"))
                filter.runs[0].finish()
            }
            #expect(gate.last.hasPrefix("\(step)"))
        }
    }

    @Test func heloAgainAfterTLSCountsItsFindingsOnce() throws {
        let filter = ScriptedFilter("helo", phases: [.helo]) { call in
            .done([Symbol(name: "HELO", defaultScore: 3, detail: call.session.helo!)])
        }
        let gate = try Gate([filter], policy(edge: [[slot("helo")]]))
        gate.connect()
        gate.helo("first.example")
        gate.helo("second.example")
        gate.mail()
        gate.rcpt("b@example.org")
        gate.data()
        #expect(filter.calls.count == 2)
        #expect(gate.records.all[0].decisions[0].score == 3)
        #expect(gate.records.all[0].decisions[0].contributions.map(\.detail) == ["second.example"])
    }

    @Test func edgeTimeoutFollowsOnTimeout() throws {
        for (action, expected) in [(FailureAction.skip, "connect go on"), (.defer, "connect 421"), (.reject, "connect 554")] {
            let filter = ScriptedFilter("rbl", phases: [.connect]) { _ in .waits }
            let gate = try Gate([filter], policy(edge: [[slot("rbl") { $0.onTimeout = action }]]))
            gate.connect()
            gate.loop.advance(by: .seconds(9))
            #expect(gate.heard.all.isEmpty)
            gate.loop.advance(by: .seconds(1))
            #expect(gate.last.hasPrefix(expected))
        }
    }

    @Test func closeWhileConnectWaitsCallsNothing() throws {
        let filter = ScriptedFilter("rbl", phases: [.connect]) { _ in .waits }
        let gate = try Gate([filter], policy(edge: [[slot("rbl")]]))
        gate.connect()
        gate.session.close()
        #expect(filter.runs[0].cancelled == .sessionEnded)
        gate.loop.advance(by: .seconds(100))
        #expect(gate.heard.all.isEmpty)
    }
}
