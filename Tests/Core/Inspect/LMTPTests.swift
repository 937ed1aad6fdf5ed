import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// LMTP (RFC 2033): a reply for each recipient, each its own disposition's.
@Suite struct LMTPTests {
    private static let filter = ScriptedFilter("f", phases: [.data], scope: .recipient) { call in
        let index = call.recipients.indices(below: 100)[0]
        let proposals: [Proposal] =
            switch call.envelope!.recipients[index].address.localPart {
            case "rejects": [Proposal(.reject(Reply(.refused, "No")))]
            case "defers": [Proposal(.defer(Reply(.notNow, "Later")))]
            case "keeps": [Proposal(.quarantine(reason: "odd"))]
            case "drops": [Proposal(.discard(reason: "odd"))]
            default: []
            }
        return .done([], proposals)
    }

    private func gate() throws -> Gate {
        let gate = try Gate([Self.filter], policy([domain("example.org", [[slot("f")]])]))
        gate.facts.isLMTP = true
        gate.connect()
        gate.helo()
        gate.mail()
        return gate
    }

    @Test func oneReplyForEachRecipientInOrder() throws {
        let gate = try gate()
        for name in ["takes", "rejects", "defers", "keeps", "drops", "takes", "rejects"] { gate.rcpt("\(name)@example.org") }
        gate.data()
        let id = try #require(gate.queued.all.first).queueID
        let ok = "250 2.0.0 Ok: queued as \(id)"
        #expect(
            gate.last
                == "data \(ok) | 550 5.7.1 No | 451 4.7.1 Later | \(ok) | \(ok) | \(ok) | 550 5.7.1 No")
        // Whoever was told keeps it: nothing of the refused copies is here.
        #expect(gate.copies.map { "\($0.index) \($0.address.localPart) \($0.state)" } == ["0 takes queued", "3 keeps quarantined"])
        #expect(gate.copies[0].addedHeaders.contains("with LMTP id"))
        #expect(gate.store.receipts[0].json.contains(#""reply":"451 4.7.1 Later""#))
    }

    @Test func nothingIsTakenBeforeTheCommit() throws {
        let gate = try gate()
        gate.store.hold()
        gate.rcpt("takes@example.org")
        gate.rcpt("rejects@example.org")
        gate.data()
        #expect(gate.last == "rcpt 250 2.1.5 Recipient ok")
        gate.store.fail(StoreFailure(.full, "disk full"))
        gate.store.commit()
        gate.loop.runPending()
        #expect(gate.last == "data 452 4.3.1 Cannot store the message now, try again later | 550 5.7.1 No")
        #expect(gate.queued.all.isEmpty)
    }

    @Test func allRefused() throws {
        let gate = try gate()
        gate.rcpt("rejects@example.org")
        gate.rcpt("defers@example.org")
        gate.data()
        #expect(gate.last == "data 550 5.7.1 No | 451 4.7.1 Later")
        #expect(gate.store.accepted.isEmpty)
    }

    @Test func aMessageThatNobodyCanReadIsRefusedForEach() throws {
        let gate = try gate()
        gate.rcpt("a@example.org")
        gate.rcpt("b@example.org")
        gate.data(String(repeating: "Received: x\r\n", count: 60) + "\r\n")
        #expect(gate.last.hasPrefix("data 554 5.4.6 ") && gate.last.contains(" | 554 5.4.6 "))
    }
}
