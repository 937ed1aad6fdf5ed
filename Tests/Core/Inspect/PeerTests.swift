import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// Filters of the phase `peer`: who is asked, when again, and what their answers mean.
@Suite struct PeerTests {
    private let question = RouteQuestion(role: .inbound, policyDomain: "example.org", destination: "mx.example.org", isByMX: false)
    private let facts = PeerFacts(host: "mx.example.org", address: IPAddress("192.0.2.1"), port: 25)

    private func gate(
        _ change: @escaping (inout FilterSlot) -> Void = { _ in }, _ answer: @escaping @Sendable (FilterCall) -> ScriptedFilter.Answer
    ) throws -> (Gate, ScriptedFilter) {
        let judge = ScriptedFilter("judge", phases: [.peer], answer)
        return (try Gate([judge], policy([domain("example.org", [[slot("judge", change)]]), domain("free.example")])), judge)
    }

    private func ask(_ gate: Gate, _ question: RouteQuestion? = nil, passed: UInt64? = nil) -> Gate.Box<PeerAnswer> {
        let answers = Gate.Box<PeerAnswer>()
        gate.inspector.judge(question ?? self.question, passed: passed, { facts }) { answers.append($0) }
        gate.loop.runPending()
        return answers
    }

    @Test func aPassHoldsUntilThePolicyChanges() throws {
        let (gate, judge) = try gate { _ in .done() }
        guard case .go(let policy)? = ask(gate).all.first else { Issue.record("not passed"); return }
        let call = try #require(judge.calls.first)
        #expect(call.phase == .peer && call.peer == facts && call.route == question && call.domain == "example.org")
        #expect(ask(gate, passed: policy).all == [.go(policy: policy)])
        #expect(judge.runs.count == 1)
        gate.inspector.take(try FilterPlan(snapshot: gate.inspector.currentPlan.snapshot, host: gate.host))
        #expect(ask(gate, passed: policy).all != [.go(policy: policy)])
        #expect(judge.runs.count == 2)
    }

    @Test func factsAreForThoseWhoAsk() throws {
        let (gate, judge) = try gate { _ in .done() }
        for (domain, role) in [("free.example", ListenerRole.inbound), ("example.org", .outbound), ("gone.example", .inbound)] {
            let answers = Gate.Box<PeerAnswer>()
            let other = RouteQuestion(role: role, policyDomain: domain, destination: "x", isByMX: true)
            gate.inspector.judge(
                other, passed: nil,
                {
                    Issue.record("nobody wants them"); return facts
                }
            ) { answers.append($0) }
            #expect(answers.all.count == 1)
        }
        #expect(judge.runs.isEmpty)
    }

    @Test func whatAnswersMean() throws {
        func answer(_ answer: ScriptedFilter.Answer, _ change: @escaping (inout FilterSlot) -> Void = { _ in }) throws -> [PeerAnswer] {
            ask(try gate(change) { _ in answer }.0).all
        }
        let refuses = Proposal(.reject(Reply(ReplyStatus(550, 7, 5), "another key")))
        let defers = Proposal(.defer(Reply(ReplyStatus(451, 7, 5), "bogus")))
        #expect(try answer(.done([], [refuses])) == [.refuse("5.7.5 another key (judge)")])
        #expect(try answer(.done([], [refuses, defers])) == [.avoid("4.7.5 bogus (judge)")])
        func isGo(_ answers: [PeerAnswer]) -> Bool { if case .go? = answers.first { true } else { false } }
        #expect(try isGo(answer(.done([], [refuses])) { $0.isShadow = true }))
        #expect(try isGo(answer(.ends(.error)) { $0.onError = .skip }))
        for (action, isRefusal) in [(FailureAction.defer, false), (.quarantine, false), (.reject, true)] {
            let said = try answer(.ends(.crash)) { $0.onCrash = action }
            switch said.first {
            case .avoid(let why)?: #expect(!isRefusal && why.hasPrefix("4.7.5 judge ended in crash"))
            case .refuse(let why)?: #expect(isRefusal && why.hasPrefix("5.7.5 judge ended in crash"))
            default: Issue.record("\(said)")
            }
        }
    }

    @Test func whoDoesNotAnswerInTimeAvoids() throws {
        let (gate, _) = try gate { _ in .waits }
        let answers = ask(gate)
        #expect(answers.all.isEmpty)
        gate.loop.advance(by: gate.inspector.currentPlan.snapshot.limits.edgeFilterTimeout)
        guard case .avoid(let why)? = answers.all.first else { Issue.record("\(answers.all)"); return }
        #expect(why.hasPrefix("4.7.5 judge ended in timeout"))
    }
}
