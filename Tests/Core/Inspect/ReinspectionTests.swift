import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// Held copies, judged again by the policy then in force.
@Suite struct ReinspectionTests {
    /// A message with one accepted and one held copy, from a listed client.
    private func held(_ answer: @escaping @Sendable (FilterCall) -> ScriptedFilter.Answer) throws -> (Gate, StoredMessage) {
        let rbl = ScriptedFilter("rbl", phases: [.connect]) { _ in .done([Symbol(name: "LISTED", defaultScore: 3)]) }
        let scan = ScriptedFilter("scan", answer)
        let gate = try Gate(
            [rbl, scan], policy([domain("example.org", [[slot("scan")]]), domain("free.example")], edge: [[slot("rbl")]]))
        gate.send(to: "a@free.example", "b@example.org")
        return (gate, try #require(gate.store.accepted.first))
    }

    private func again(_ gate: Gate, _ stored: StoredMessage) -> [RecipientChange] {
        let changes = Gate.Box<[RecipientChange]>()
        Reinspection.run(stored, by: gate.inspector, on: gate.loop) { changes.append($0) }
        #expect(changes.all.count == 1)
        return changes.all.first ?? []
    }

    @Test func isDeliveredOnceTheFilterAnswers() throws {
        let attempts = Gate.Box<Int>()
        let (gate, stored) = try held { call in
            attempts.append(1)
            return attempts.all.count == 1 ? .ends(.error) : .done([Symbol(name: "CLEAN", defaultScore: -1)])
        }
        #expect(stored.recipients.map(\.state) == [.queued, .held])
        let changes = again(gate, stored)
        #expect(changes.map(\.index) == [1])
        #expect(changes[0].state == .queued && changes[0].attempts == 0)
        let headers = try #require(changes[0].addedHeaders)
        #expect(headers.hasPrefix("Received: from client.example ([192.0.2.1])\r\n\tby mx.gate.example"))
        // What the edge had found still counts.
        #expect(headers.contains("X-Postern-Score: 2\r\n"))
        #expect(headers.contains("X-Postern-Symbols: LISTED(3), CLEAN(-1)\r\n"))
        #expect(gate.store.receipts.map(\.kind) == ["inspected", "reinspected"])
        // Nobody was answered a second time.
        #expect(gate.log.events("received").count == 1)
    }

    @Test func waitsLongerEachTimeAndEndsInQuarantine() throws {
        var (gate, stored) = try held { _ in .ends(.timeout) }
        var waits: [Int64] = []
        for _ in 0..<8 {
            let change = again(gate, stored)[0]
            #expect(change.state == .held)
            waits.append((change.nextAttempt - gate.loop.now).microseconds / 1_000_000)
            stored.recipients[1].attempts = change.attempts
        }
        #expect(waits == [60, 120, 240, 480, 960, 1920, 3600, 3600])
        gate.loop.advance(by: .seconds(16 * 86400))
        let last = again(gate, stored)[0]
        #expect(last.state == .quarantined)
        #expect(last.reason == "could not be judged: scan ended in timeout")
    }

    /// What an earlier filter held against it cannot be asked again, and must not be forgotten.
    @Test func anEarlierProposalIsNotForgotten() throws {
        let attempts = Gate.Box<Int>()
        let early = ScriptedFilter("early", phases: [.rcpt]) { _ in .done([], [Proposal(.quarantine(reason: "odd"))]) }
        let scan = ScriptedFilter("scan") { _ in
            attempts.append(1)
            return attempts.all.count == 1 ? .ends(.error) : .done([])
        }
        let gate = try Gate([early, scan], policy([domain("example.org", [[slot("early")], [slot("scan")]]), domain("free.example")]))
        gate.send(to: "a@free.example", "b@example.org")
        let change = again(gate, try #require(gate.store.accepted.first))[0]
        #expect(change.state == .quarantined)
        #expect(change.reason.contains("early proposed quarantine"), "\(change.reason)")
    }

    /// Without its domain's policy there are no filters, so there is no verdict either.
    @Test func waitsWhileItsDomainIsNotConfigured() throws {
        let (gate, stored) = try held { _ in .ends(.error) }
        gate.inspector.take(try FilterPlan(snapshot: policy([domain("free.example")]), host: gate.host))
        #expect(again(gate, stored).isEmpty)
    }

    /// A record that cannot be read is no clean record.
    @Test func waitsWhenItsSessionCannotBeRead() throws {
        var (gate, stored) = try held { _ in .ends(.error) }
        stored.sessionJSON = "{"
        #expect(again(gate, stored).isEmpty)
    }

    @Test func rejectedLaterGoesToQuarantine() throws {
        let attempts = Gate.Box<Int>()
        let (gate, stored) = try held { _ in
            attempts.append(1)
            return attempts.all.count == 1 ? .ends(.error) : .done([], [Proposal(.reject(Reply(.refused, "Virus")))])
        }
        let change = again(gate, stored)[0]
        #expect(change.state == .quarantined)
        #expect(change.reason == "rejected after it was held: scan proposed reject: 550 5.7.1 Virus")
    }

    @Test func nothingHeldNothingDone() throws {
        let (gate, stored) = try held { _ in .done() }
        #expect(again(gate, stored).isEmpty)
    }
}
