import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// The data phase: order, sharing, deadlines, failures.
@Suite struct DataPhaseTests {
    @Test func stepsRunInOrderAndAListInsideTogether() throws {
        let filters = ["one", "two", "three", "four"].map { ScriptedFilter($0) { _ in .waits } }
        let gate = try Gate(filters, policy([domain("example.org", [[slot("one")], [slot("two"), slot("three")], [slot("four")]])]))
        gate.send(to: "b@example.org")
        func started() -> [Int] { filters.map(\.runs.count) }
        #expect(started() == [1, 0, 0, 0])
        filters[0].runs[0].finish()
        #expect(started() == [1, 1, 1, 0])
        filters[2].runs[0].finish()
        #expect(started() == [1, 1, 1, 0])
        filters[1].runs[0].finish()
        #expect(started() == [1, 1, 1, 1])
        #expect(gate.store.accepted.isEmpty)
        filters[3].runs[0].finish()
        #expect(gate.last.hasPrefix("data 250"))
        // Verdicts stand in the order of the list, however they came.
        #expect(gate.records.all[0].verdicts.map(\.filter) == ["one", "two", "three", "four"])
    }

    /// A whole message of lines that are no header would hold its loop while it is looked through.
    @Test(arguments: ["x\r\n", "a:\r\n", " \r\n"]) func aHeaderWithoutEndIsRefused(_ line: String) throws {
        let gate = try Gate([], policy([domain()]))
        gate.send(to: "b@example.org", text: String(repeating: line, count: (1 << 20) / line.utf8.count + 1) + "\r\nbody\r\n")
        #expect(gate.last == "data 550 5.6.0 The header of the message is too large")
        #expect(gate.store.accepted.isEmpty)
    }

    @Test func disabledAndOtherPhasesDoNotRun() throws {
        let filters = [ScriptedFilter("off"), ScriptedFilter("edge", phases: [.connect]), ScriptedFilter("on")]
        let gate = try Gate(
            filters, policy([domain("example.org", [[slot("off") { $0.isEnabled = false }], [slot("edge")], [slot("on")]])]))
        gate.send(to: "b@example.org")
        #expect(filters.map(\.runs.count) == [0, 0, 1])
    }

    @Test func detachedInDataIsAwaitedBeforeTheDecision() throws {
        let slow = ScriptedFilter("slow") { _ in .detaches(joinBefore: .route) }
        let next = ScriptedFilter("next")
        let gate = try Gate([slow, next], policy([domain("example.org", [[slot("slow")], [slot("next")]])]))
        gate.send(to: "b@example.org")
        #expect(next.runs.count == 1)
        #expect(gate.last.hasPrefix("rcpt"))
        slow.runs[0].finish([], [Proposal(.reject(Reply(.refused, "Found")))])
        #expect(gate.last == "data 550 5.7.1 Found")
        #expect(gate.store.accepted.isEmpty)
    }

    @Test(arguments: [
        (FailureAction.skip, false, "250"), (.skip, true, "451"), (.defer, false, "451"), (.reject, false, "550"),
        (.quarantine, true, "250"),
    ]) func timeout(_ action: FailureAction, _ isRequired: Bool, _ code: String) throws {
        let filter = ScriptedFilter("clam-av") { _ in .waits }
        let gate = try Gate(
            [filter],
            policy([
                domain(
                    "example.org",
                    [
                        [
                            slot("clam-av") {
                                $0.onTimeout = action
                                $0.isRequired = isRequired
                                $0.timeout = .seconds(5)
                            }
                        ]
                    ])
            ]))
        gate.send(to: "b@example.org")
        gate.loop.advance(by: .seconds(4))
        #expect(gate.last.hasPrefix("rcpt"))
        gate.loop.advance(by: .seconds(1))
        #expect(gate.last.hasPrefix("data \(code)"))
        let decision = gate.records.all[0].decisions[0]
        #expect(decision.contributions.map(\.symbol) == ["PLUGIN_CLAM_AV_TIMEOUT"])
        #expect(decision.contributions[0].detail == "dns A 2.0.0.127.list.example 1.2s")
        #expect(filter.runs[0].cancelled == .timeout)
        #expect(gate.copies.allSatisfy { action != .quarantine || $0.state == .quarantined })
    }

    /// It runs, is in the receipt and in the log, and nothing becomes of it: in no phase, for no later filter, in no session that is kept.
    @Test func aShadowRunsAndNeverCounts() throws {
        let bad = Symbol(name: "BAD", defaultScore: 50, detail: "looks bad")
        let edge = ScriptedFilter("edge", phases: [.connect]) { _ in
            .done([bad], [Proposal(.reject(Reply(.refused, "No")))])
        }
        let one = ScriptedFilter("one", phases: [.rcpt, .data]) { _ in .done([bad], [Proposal(.reject(Reply(.refused, "No")))]) }
        let slow = ScriptedFilter("slow") { _ in .waits }
        func shadow(_ name: String) -> FilterSlot { slot(name) { $0.isShadow = true } }
        let gate = try Gate(
            [edge, one, slow], policy([domain("example.org", [[shadow("one")], [shadow("slow")]])], edge: [[shadow("edge")]]))
        gate.send(to: "b@example.org")
        gate.loop.advance(by: .seconds(600))
        #expect(gate.last.hasPrefix("data 250"), "\(gate.heard.all)")
        #expect(edge.runs.count == 1 && one.runs.count == 2 && slow.runs.count == 1)
        let record = gate.records.all[0]
        #expect(record.decisions[0].disposition == .accept && record.decisions[0].contributions.isEmpty && record.decisions[0].score == 0)
        #expect(record.json.contains(#""shadow":true,"found":["BAD(50)","reject"]"#), "\(record.json)")
        #expect(record.json.contains(#""result":"timeout""#) && !record.json.contains("PLUGIN_"))
        #expect(!gate.store.accepted[0].sessionJSON.contains("BAD") && !gate.store.accepted[0].sessionJSON.contains("doubt"))
        #expect(gate.log.events("shadow").count == 4)
    }

    @Test func aHomeThatIgnoresCancelDoesNotHoldTheMessage() throws {
        let filter = ScriptedFilter("deaf") { _ in .waits }
        let gate = try Gate([filter], policy([domain("example.org", [[slot("deaf")]])]))
        gate.send(to: "b@example.org")
        filter.runs[0].isDeaf = true
        gate.loop.advance(by: .seconds(60))
        #expect(gate.last.hasPrefix("data 451"))
        // Its late verdict changes nothing.
        filter.runs[0].finish()
        #expect(gate.heard.all.filter { $0.hasPrefix("data") }.count == 1)
    }

    @Test(arguments: [(FilterResult.error, "PLUGIN_F_ERROR"), (.crash, "PLUGIN_F_CRASH"), (.cancelled, "PLUGIN_F_ERROR")])
    func failures(_ result: FilterResult, _ symbol: String) throws {
        let filter = ScriptedFilter("f") { _ in .ends(result) }
        let gate = try Gate(
            [filter], policy([domain("example.org", [[slot("f")]]) { $0.scores[symbol] = 2.5 }]))
        gate.send(to: "b@example.org")
        #expect(gate.records.all[0].decisions[0].contributions.map { "\($0.symbol) \($0.score)" } == ["\(symbol) 2.5"])
        // on_error and on_timeout are defer, on_crash is quarantine.
        #expect(gate.last.hasPrefix(result == .crash ? "data 250" : "data 451"))
        #expect(gate.copies.map(\.state) == (result == .crash ? [.quarantined] : []))
    }

    @Test func allTogetherHaveInspectionTimeout() throws {
        var limits = Limits()
        limits.inspectionTimeout = .seconds(100)
        let filters = ["one", "two", "three"].map { ScriptedFilter($0) { _ in .waits } }
        let gate = try Gate(
            filters,
            policy([domain("example.org", filters.map { [slot($0.manifest.id)] })], limits: limits))
        gate.send(to: "b@example.org")
        gate.loop.advance(by: .seconds(60))
        #expect(filters[1].runs.count == 1)
        gate.loop.advance(by: .seconds(39))
        #expect(gate.last.hasPrefix("rcpt"))
        gate.loop.advance(by: .seconds(1))
        #expect(gate.last.hasPrefix("data 451"))
        #expect(gate.records.all[0].verdicts.map(\.result) == [.timeout, .timeout, .timeout])
        #expect(gate.records.all[0].elapsed == .seconds(100))
    }

    @Test func twoDomainsShareARunOfMessageScope() throws {
        let filter = ScriptedFilter("f", scope: .message) { _ in .done([Symbol(name: "S", defaultScore: 1)]) }
        let gate = try Gate(
            [filter],
            policy([
                domain("one.example", [[slot("f")]]) { $0.scores["S"] = 6 }, domain("two.example", [[slot("f")]]) { $0.scores["S"] = 20 },
            ]))
        gate.send(to: "a@one.example", "b@two.example", "c@one.example")
        #expect(filter.runs.count == 1)
        #expect(filter.calls[0].recipients == RecipientSet([0, 1, 2]))
        // One scan, weights of each domain.
        #expect(gate.copies.map(\.score) == [6, 20, 6])
        #expect(gate.copies.map(\.state) == [.queued, .quarantined, .queued])
    }

    @Test func domainAndRecipientScopesAreNotShared() throws {
        let byDomain = ScriptedFilter("d", scope: .domain)
        let byRecipient = ScriptedFilter("r", scope: .recipient)
        let byMessage = ScriptedFilter("m", scope: .message)
        let steps = [[slot("m")], [slot("d")], [slot("r")]]
        let gate = try Gate([byDomain, byRecipient, byMessage], policy([domain("one.example", steps), domain("two.example", steps)]))
        gate.send(to: "a@one.example", "b@two.example", "c@one.example")
        #expect(byMessage.calls.map(\.recipients) == [RecipientSet([0, 1, 2])])
        #expect(Set(byDomain.calls.map(\.recipients)) == [RecipientSet([0, 2]), RecipientSet([1])])
        #expect(byDomain.calls.count == 2)
        #expect(Set(byRecipient.calls.map(\.recipients)) == [RecipientSet([0]), RecipientSet([1]), RecipientSet([2])])
        #expect(byRecipient.calls.count == 3)
        #expect(gate.last.hasPrefix("data 250"))
    }

    @Test func aSharedRunWaitsInBothDomainsInAnyOrder() throws {
        let first = ScriptedFilter("first") { _ in .waits }
        let second = ScriptedFilter("second") { _ in .waits }
        let gate = try Gate(
            [first, second],
            policy([
                domain("one.example", [[slot("first")], [slot("second")]]), domain("two.example", [[slot("second")], [slot("first")]]),
            ]))
        gate.send(to: "a@one.example", "b@two.example")
        #expect([first.runs.count, second.runs.count] == [1, 1])
        second.runs[0].finish()
        #expect(gate.last.hasPrefix("rcpt"))
        first.runs[0].finish()
        #expect(gate.last.hasPrefix("data 250"))
        #expect([first.runs.count, second.runs.count] == [1, 1])
    }

    @Test func closeMidInspectionStoresNothingAndCallsNothing() throws {
        let shared = ScriptedFilter("shared") { _ in .waits }
        let after = ScriptedFilter("after")
        let steps = [[slot("shared")], [slot("after")]]
        let gate = try Gate([shared, after], policy([domain("one.example", steps), domain("two.example", steps)]))
        gate.send(to: "a@one.example", "b@two.example")
        gate.session.close()
        #expect(shared.runs[0].cancelled == .sessionEnded)
        gate.loop.advance(by: .seconds(1000))
        #expect(after.runs.isEmpty)
        #expect(gate.store.accepted.isEmpty && gate.store.receipts.isEmpty)
        #expect(gate.last.hasPrefix("rcpt"))
    }

    @Test func nothingIsKeptAliveAfterTheSession() throws {
        weak var region: Region?
        weak var session: (any SessionInspector)?
        let filter = ScriptedFilter("f") { _ in .done() }
        let waiting = ScriptedFilter("w") { call in call.recipients == RecipientSet([0]) ? .waits : .done() }
        do {
            let gate = try Gate([filter, waiting], policy([domain("example.org", [[slot("f")], [slot("w")]])]))
            session = gate.session
            gate.connect()
            gate.helo()
            gate.mail()
            gate.rcpt("b@example.org")
            let body = Region(copying: Array("Subject: x\r\n\r\n".utf8))
            region = body
            gate.session.message(body) { _ in }
            #expect(region != nil)
            gate.session.close()
            gate.loop.runPending()
        }
        #expect(session == nil)
        // The scripted filter keeps its call; nobody else does.
        _ = waiting
        #expect(waiting.runs[0].isOver)
    }

    @Test func aTransactionKeepsThePlanOfItsMail() throws {
        let old = ScriptedFilter("old")
        let new = ScriptedFilter("new", phases: [.rcpt, .data])
        let gate = try Gate([old, new], policy([domain("example.org", [[slot("old")]])], generation: 1))
        gate.connect()
        gate.helo()
        gate.mail()
        gate.inspector.take(
            try FilterPlan(
                snapshot: policy([domain("example.org", [[slot("new")]]), domain("added.example")], generation: 2), host: gate.host))
        gate.rcpt("b@added.example")
        #expect(gate.last.hasPrefix("rcpt 554"))
        gate.rcpt("b@example.org")
        gate.data()
        #expect([old.runs.count, new.runs.count] == [1, 0])
        #expect(gate.store.receipts[0].json.contains(#""policy_generation":1,"#))
        gate.mail()
        gate.rcpt("b@added.example")
        gate.rcpt("b@example.org")
        gate.data()
        #expect([old.runs.count, new.runs.count] == [1, 2])
        #expect(gate.store.receipts[1].json.contains(#""policy_generation":2,"#))
    }

    @Test func aPlanWithAPluginThatIsNoneIsRefusedWhole() {
        #expect(throws: ScriptedFilterHost.Refusal.self) {
            try FilterPlan(snapshot: policy([domain("example.org", [[slot("missing")]])]), host: ScriptedFilterHost([]))
        }
    }
}
