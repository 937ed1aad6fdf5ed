import GatewayTestKit
import Mail
import Testing

/// What filters are told of those before them.
struct EarlierFindingsTests {
    private static let verdicts = ["postern.verdicts/1"]

    @Test func `a filter is told of earlier phases and steps, by its domain's weights`() throws {
        let edge = ScriptedFilter("edge", phases: [.connect, .mail]) { call in .done([Symbol(name: "E_\(call.phase)", defaultScore: 2)]) }
        let rcpt = ScriptedFilter("rcpt", phases: [.rcpt]) { call in
            .done([Symbol(name: "R", defaultScore: 1, recipients: call.recipients)])
        }
        let before = ScriptedFilter("before") { _ in
            .done([Symbol(name: "B", factor: 3, defaultScore: 1)], [Proposal(.quarantine(reason: "x"))])
        }
        let failed = ScriptedFilter("failed") { _ in .ends(.error) }
        let asker = ScriptedFilter("asker", phases: [.mail, .rcpt, .data], requires: Self.verdicts)
        let after = ScriptedFilter("after") { _ in .done([Symbol(name: "A")]) }
        let steps = [[slot("rcpt")], [slot("before")], [slot("failed") { $0.isRequired = true }], [slot("asker")], [slot("after")]]
        let gate = try Gate(
            [edge, rcpt, before, failed, asker, after],
            policy(
                [domain("one.example", steps) { $0.scores["B"] = 10 }, domain("two.example", steps)],
                edge: [[slot("edge")], [slot("asker")]]))
        gate.send(to: "a@one.example", "b@two.example")
        let calls = asker.calls
        #expect(calls.map(\.phase) == [.mail, .rcpt, .rcpt, .data, .data])
        func told(_ call: FilterCall) -> [String] {
            call.earlier.map { verdict in
                "\(verdict.filter) \(verdict.result)" + verdict.findings.map { " \($0.symbol)=\($0.score)" }.joined()
                    + (verdict.proposed.isEmpty ? "" : " proposes") + (verdict.isRequired ? " required" : "")
            }
        }
        let edges = ["edge done E_connect=2.0", "edge done E_mail=2.0"]
        #expect(told(calls[0]) == edges)
        // Of the recipient in question only, though the first one's filter has run too.
        #expect(told(calls[1]) == edges + ["asker done", "rcpt done R=1.0"])
        #expect(calls[2].earlier.last?.findings.first?.recipients == RecipientSet([1]))
        for (call, weight) in zip(calls[3...], ["30.0", "3.0"]) {
            #expect(
                told(call) == edges + ["asker done", "rcpt done R=1.0", "asker done"]
                    + ["before done B=\(weight) proposes", "failed error PLUGIN_FAILED_ERROR=0.0 required"])
        }
        #expect(before.calls.allSatisfy { $0.earlier.isEmpty })
    }

    @Test(arguments: ["postern.state/1", "postern.verdicts/1"])
    func `what it knows is a domain's, so no run is shared across domains`(_ service: String) throws {
        let filter = ScriptedFilter("f", scope: .message, requires: [service])
        let steps = [[slot("f")]]
        let gate = try Gate([filter], policy([domain("one.example", steps), domain("two.example", steps)]))
        gate.send(to: "a@one.example", "b@two.example", "c@one.example")
        #expect(Set(filter.calls.map(\.recipients)) == [RecipientSet([0, 2]), RecipientSet([1])])
        #expect(Set(filter.calls.map(\.domain)) == ["one.example", "two.example"])
        #expect(gate.last.hasPrefix("data 250") || gate.last.hasPrefix("data 451"))
    }
}
