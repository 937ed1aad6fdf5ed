import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// Filters of the phase `route`: who is asked, how often, and what their answers come to together.
@Suite struct RouteTests {
    private let question = RouteQuestion(role: .inbound, policyDomain: "example.org", destination: "mx.example.org", isByMX: false)

    private func gate(
        _ change: @escaping (inout FilterSlot) -> Void = { _ in }, _ answer: @escaping @Sendable (FilterCall) -> ScriptedFilter.Answer
    ) throws -> (Gate, ScriptedFilter) {
        let router = ScriptedFilter("router", phases: [.route], answer)
        return (try Gate([router], policy([domain("example.org", [[slot("router", change)]]), domain("free.example")])), router)
    }

    private func ask(_ gate: Gate, _ question: RouteQuestion? = nil) -> Gate.Box<RouteAnswer> {
        let answers = Gate.Box<RouteAnswer>()
        gate.inspector.judge(question ?? self.question) { answers.append($0) }
        gate.loop.runPending()
        return answers
    }

    @Test func aDomainWithoutOneIsAnsweredAtOnce() throws {
        let (gate, router) = try gate { _ in .done() }
        let answers = Gate.Box<RouteAnswer>()
        gate.inspector.judge(RouteQuestion(role: .inbound, policyDomain: "free.example", destination: "x", isByMX: true)) {
            answers.append($0)
        }
        gate.inspector.judge(RouteQuestion(role: .outbound, policyDomain: "example.org", destination: "x", isByMX: true)) {
            answers.append($0)
        }
        gate.inspector.judge(RouteQuestion(role: .inbound, policyDomain: "", destination: "x", isByMX: true)) { answers.append($0) }
        #expect(answers.all == [.go([]), .go([]), .go([])])
        #expect(router.runs.isEmpty)
    }

    @Test func anAnswerHoldsForItsTime() throws {
        let (gate, router) = try gate { _ in .done() }
        #expect(ask(gate).all == [.go([])])
        let call = try #require(router.calls.first)
        #expect(call.phase == .route && call.route == question && call.domain == "example.org" && call.envelope == nil)
        gate.loop.advance(by: .seconds(59))
        _ = ask(gate)
        #expect(router.runs.count == 1)
        gate.loop.advance(by: .seconds(2))
        _ = ask(gate)
        #expect(router.runs.count == 2)
        var other = question
        other.destination = "elsewhere"
        _ = ask(gate, other)
        #expect(router.runs.count == 3)
        // A reload may have changed everything.
        gate.inspector.take(try FilterPlan(snapshot: gate.inspector.currentPlan.snapshot, host: gate.host))
        _ = ask(gate, other)
        #expect(router.runs.count == 4)
    }

    @Test func equalQuestionsWaitForOneAnswer() throws {
        let (gate, router) = try gate { _ in .waits }
        let boxes = (0..<3).map { _ in ask(gate) }
        #expect(router.runs.count == 1 && boxes.allSatisfy(\.all.isEmpty))
        router.runs[0].finish()
        #expect(boxes.map(\.all) == [[.go([])], [.go([])], [.go([])]])
    }

    @Test func whoCannotSayDefersAndIsAskedAgain() throws {
        let (gate, router) = try gate { _ in .waits }
        let box = ask(gate)
        gate.loop.advance(by: gate.inspector.currentPlan.snapshot.limits.edgeFilterTimeout)
        #expect(box.all.count == 1)
        guard case .wait(let why)? = box.all.first else { Issue.record("\(box.all)"); return }
        #expect(why.hasPrefix("4.7.5 router ended in timeout"))
        _ = ask(gate)
        #expect(router.runs.count == 2)
        let (lenient, _) = try self.gate({ $0.onError = .skip }) { _ in .ends(.error) }
        #expect(ask(lenient).all == [.go([])])
        let (strict, _) = try self.gate({ $0.onError = .reject }) { _ in .ends(.error) }
        let refused = ask(strict)
        guard case .refuse(let refusal)? = refused.all.first else { Issue.record("\(refused.all)"); return }
        #expect(refusal.hasPrefix("5.7.5 router ended in error"))
        let (needed, _) = try self.gate({ ($0.onError, $0.isRequired) = (.skip, true) }) { _ in .ends(.error) }
        #expect(ask(needed).all != [.go([])])
    }

    @Test func together() {
        func verdict(_ name: String, _ requirements: [RouteRequirement] = [], _ action: ProposedAction? = nil) -> Verdict {
            var verdict = Verdict(filter: name, phase: .route, result: .done)
            verdict.requirements = requirements
            verdict.proposals = action.map { [Proposal($0)] } ?? []
            return verdict
        }
        let (v12, v13) = (RouteRequirement(minimumTLS: .v12, reason: "a policy"), RouteRequirement(minimumTLS: .v13))
        var named = v13
        named.reason = "b"
        #expect(WayRuns.merge([verdict("a", [v12]), verdict("b", [v13])]) == .go([v12, named]))
        var shadow = verdict("s", [v12], .reject(Reply(ReplyStatus(550, 7, 5), "no")))
        shadow.isShadow = true
        #expect(WayRuns.merge([shadow, verdict("b", [v13])]) == .go([named]))
        let refuses = verdict("c", [], .reject(Reply(ReplyStatus(550, 7, 5), "no")))
        let defers = verdict("d", [], .defer(Reply(ReplyStatus(451, 7, 5), "bogus")))
        #expect(WayRuns.merge([verdict("a", [v12]), refuses]) == .refuse("5.7.5 no (c)"))
        #expect(WayRuns.merge([refuses, defers, verdict("a", [v12])]) == .wait("4.7.5 bogus (d)"))
    }
}
