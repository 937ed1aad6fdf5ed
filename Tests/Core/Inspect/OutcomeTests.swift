import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// Which filters are told of which outcomes, and that nobody waits for them.
@Suite struct OutcomeTests {
    /// A gate whose edge and domain have a filter each that only watches, beside one that judges.
    private func gate(
        _ judge: @escaping @Sendable (FilterCall) -> ScriptedFilter.Answer = { _ in .done() },
        edge: @escaping @Sendable (FilterCall) -> ScriptedFilter.Answer = { _ in .done() },
        watch: @escaping @Sendable (FilterCall) -> ScriptedFilter.Answer = { _ in .done() },
        change: (inout DomainPolicy) -> Void = { _ in }
    ) throws -> (gate: Gate, edge: ScriptedFilter, watch: ScriptedFilter) {
        let judge = ScriptedFilter("judge", phases: [.rcpt, .data], judge)
        let edgeFilter = ScriptedFilter("edge", phases: [.connect, .outcome], edge)
        let watch = ScriptedFilter("watch", phases: [.outcome], watch)
        let gate = try Gate(
            [judge, edgeFilter, watch],
            policy([domain("example.org", [[slot("judge")], [slot("watch")]], change), domain("free.example")], edge: [[slot("edge")]]))
        return (gate, edgeFilter, watch)
    }

    private func outcomes(_ filter: ScriptedFilter) -> [FilterCall] { filter.calls.filter { $0.phase == .outcome } }

    @Test func edgeAndDomainAreToldOfADelivery() throws {
        let (gate, edge, watch) = try gate { $0.phase == .data ? .done([Symbol(name: "SPAMMY", defaultScore: 4.25)]) : .done() }
        gate.send(to: "b@example.org")
        gate.loop.runPending()
        let stored = try #require(gate.store.accepted.first)
        #expect(outcomes(watch).isEmpty, "it goes on: there is no outcome yet")
        gate.inspector.observe(
            OutcomeRecord(.delivered, at: gate.loop.now, status: "2.0.0", text: "250 ok", nextHop: "hop", attempts: 2),
            of: stored.recipients[0], in: stored)
        #expect(outcomes(watch).isEmpty, "whoever tells does not wait")
        gate.loop.runPending()
        for (filter, onBehalf) in [(edge, nil), (watch, "example.org")] {
            let call = try #require(outcomes(filter).first)
            #expect(outcomes(filter).count == 1)
            #expect(call.domain == onBehalf)
            #expect(call.session.client == gate.facts.client && call.session.helo == "client.example")
            #expect(call.envelope?.reversePath.description == "a@sender.example")
            #expect(call.envelope?.recipients.map(\.address.description) == ["b@example.org"])
            #expect(call.queueID == stored.queueID && call.message == nil)
            #expect(call.outcome?.kind == .delivered && call.outcome?.nextHop == "hop" && call.outcome?.attempts == 2)
            #expect(call.outcome?.score == 4.25)
            #expect(call.outcome?.symbols == [.init(name: "SPAMMY", score: 4.25)])
        }
    }

    @Test func eachDispositionThatIsFinal() throws {
        let actions: [(String, ProposedAction, OutcomeRecord.Kind?)] = [
            ("quarantine", .quarantine(reason: "kept"), .quarantined), ("discard", .discard(reason: "dropped"), .discarded),
            ("reject", .reject(Reply(ReplyStatus(550, 7, 1), "no")), .rejected),
            ("defer", .defer(Reply(ReplyStatus(451, 7, 1), "later")), nil),
        ]
        for (name, action, kind) in actions {
            let (gate, edge, watch) = try gate { $0.phase == .data ? .done([], [Proposal(action)]) : .done() }
            gate.send(to: "b@example.org")
            gate.loop.runPending()
            #expect(outcomes(watch).map(\.outcome?.kind) == (kind.map { [$0] } ?? []), "\(name)")
            #expect(outcomes(edge).count == outcomes(watch).count)
            guard let record = outcomes(watch).first?.outcome else { continue }
            #expect(record.phase == .data && record.text.contains("judge proposed"))
            #expect(record.status == (kind == .rejected ? "5.7.1" : ""))
        }
    }

    /// One copy was accepted, so the peer got a 250: the other one is in quarantine.
    @Test func aRejectedCopyOfAnAcceptedMessageIsQuarantined() throws {
        let (gate, _, watch) = try gate { $0.phase == .data ? .done([], [Proposal(.reject(Reply(.refused, "no")))]) : .done() }
        gate.send(to: "a@free.example", "b@example.org")
        gate.loop.runPending()
        #expect(outcomes(watch).map(\.outcome?.kind) == [.quarantined])
        #expect(outcomes(watch).first?.envelope?.recipients.map(\.address.description) == ["b@example.org"])
    }

    @Test func refusedAtTheEdgeTheDomainKnowsNothing() throws {
        let refuse: @Sendable (FilterCall) -> ScriptedFilter.Answer = {
            $0.phase == .connect ? .done([], [Proposal(.reject(Reply(.refused, "listed")))]) : .done()
        }
        let (gate, edge, watch) = try gate(edge: refuse)
        gate.connect()
        gate.loop.runPending()
        let call = try #require(outcomes(edge).first)
        #expect(call.outcome?.kind == .rejected && call.outcome?.phase == .connect && call.envelope == nil && call.domain == nil)
        #expect(outcomes(watch).isEmpty)
    }

    @Test func aRecipientThatIsRefused() throws {
        let (gate, edge, watch) = try gate { $0.phase == .rcpt ? .done([], [Proposal(.reject(Reply(.unknownRecipient, "no")))]) : .done() }
        gate.connect()
        gate.helo()
        gate.mail()
        gate.rcpt("b@example.org")
        gate.rcpt("c@elsewhere.example")
        gate.loop.runPending()
        #expect(outcomes(watch).map { "\($0.outcome!.kind) \($0.outcome!.phase) \($0.outcome!.status)" } == ["rejected rcpt 5.1.1"])
        #expect(outcomes(edge).map { $0.envelope!.recipients[0].address.description } == ["b@example.org", "c@elsewhere.example"])
        #expect(outcomes(edge).allSatisfy { $0.recipients == RecipientSet([0]) })
    }

    /// The filters of a mailbox that wants its mail raw took no part.
    @Test func aMailboxWithoutFilters() throws {
        let (gate, edge, watch) = try gate(change: {
            $0.mailboxes["raw@example.org"] = MailboxPolicy()
            $0.mailboxes["raw@example.org"]!.hasFilters = false
        })
        gate.send(to: "raw@example.org")
        gate.inspector.observe(
            OutcomeRecord(.delivered, at: gate.loop.now), of: gate.copies[0], in: try #require(gate.store.accepted.first))
        gate.loop.runPending()
        #expect(outcomes(watch).isEmpty && outcomes(edge).count == 1)
    }

    /// A DSN of ours: no client sent it, and no filter judged it.
    @Test func ourOwnMessagesAreNobodysBusiness() throws {
        let (gate, edge, watch) = try gate()
        gate.send(to: "b@example.org")
        var own = try #require(gate.store.accepted.first)
        own.sessionJSON = "{}"
        gate.inspector.observe(OutcomeRecord(.delivered, at: gate.loop.now), of: own.recipients[0], in: own)
        gate.loop.runPending()
        #expect(outcomes(watch).isEmpty && outcomes(edge).isEmpty)
    }

    /// As many as are told at once hang; the others wait, in order, and what is past the bound is dropped.
    @Test func theQueueIsBoundedAndGoesOn() throws {
        let (gate, _, watch) = try gate(watch: { _ in .waits })
        gate.send(to: "b@example.org")
        let stored = try #require(gate.store.accepted.first)
        for number in 0..<(OutcomeWatch.most + 5) {
            gate.inspector.observe(OutcomeRecord(.delivered, at: gate.loop.now, attempts: number), of: stored.recipients[0], in: stored)
        }
        gate.loop.runPending()
        #expect(outcomes(watch).count == OutcomeWatch.mostAtOnce)
        // None of them answers: their time runs out, and the next ones come.
        gate.loop.advance(by: gate.inspector.currentPlan.snapshot.limits.dataFilterTimeout)
        #expect(outcomes(watch).count == 2 * OutcomeWatch.mostAtOnce)
        #expect(outcomes(watch).compactMap(\.outcome?.attempts) == Array(0..<(2 * OutcomeWatch.mostAtOnce)))
        #expect(gate.log.events("unobserved").count == OutcomeWatch.mostAtOnce)
        // There is room again for as many as have gone.
        for run in watch.runs where !run.isOver { run.finish() }
        gate.loop.runPending()
        var rounds = 0
        while outcomes(watch).count < OutcomeWatch.most, rounds < 1000 {
            for run in watch.runs.suffix(OutcomeWatch.mostAtOnce) where !run.isOver { run.finish() }
            gate.loop.runPending()
            rounds += 1
        }
        #expect(outcomes(watch).count == OutcomeWatch.most, "the last five were dropped")
    }

    @Test func symbolsAreReadFromOurOwnFieldsOnly() {
        let decision = Decision(
            disposition: .tag, score: 6, thresholds: Thresholds(),
            contributions: (0..<30).map { Contribution(symbol: "SYMBOL_\($0)", score: Double($0) / 4, filter: "f", detail: "") },
            reason: "", headers: [AddedHeader(name: "X-Postern-Symbols", value: "FORGED(9)")])
        let fields = "Received: from x\r\n\tby y\r\n" + TraceHeaders.explanation(decision, QueueID(rawValue: 1))
        let read = TraceHeaders.symbols(in: fields)
        #expect(read.map(\.name) == (0..<30).map { "SYMBOL_\($0)" })
        #expect(read[3].score == 0.75)
        var plain = decision
        plain.contributions = []
        #expect(TraceHeaders.symbols(in: TraceHeaders.explanation(plain, QueueID(rawValue: 1))).isEmpty)
        #expect(TraceHeaders.symbols(in: "").isEmpty)
    }
}
