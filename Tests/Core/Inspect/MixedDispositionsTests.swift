import Decide
import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// One reply for many copies.
@Suite struct MixedDispositionsTests {
    /// `a`ccept, `t`ag, `q`uarantine, `d`efer, `x` discard, `r`eject, `R`eject with discards_rejected_copies.
    private func mixed(_ letters: String) -> MixedDispositions {
        MixedDispositions(
            letters.map { letter in
                let disposition: Disposition =
                    switch letter {
                    case "a": .accept
                    case "t": .tag
                    case "q": .quarantine
                    case "d": .defer
                    case "x": .discard
                    default: .reject
                    }
                let reply: Reply? =
                    disposition == .reject ? Reply(.refused, "no") : disposition == .defer ? Reply(.notNow, "later") : nil
                return (
                    Decision(
                        disposition: disposition, score: 0, thresholds: Thresholds(), contributions: [], reason: "why", reply: reply),
                    letter == "R"
                )
            })
    }

    @Test(arguments: [
        ("r", "550 5.7.1 no", "-"), ("rr", "550 5.7.1 no", "--"), ("d", "451 4.7.1 later", "-"), ("rd", "451 4.7.1 later", "--"),
        ("dr", "451 4.7.1 later", "--"), ("a", "", "1"), ("at", "", "11"), ("ar", "", "14"), ("aR", "", "1-"), ("ad", "", "12"),
        ("qd", "", "42"), ("qr", "", "44"), ("x", "", "-"), ("xr", "", "-4"), ("xd", "", "-2"), ("ardq", "", "1424"),
    ]) func rows(_ letters: String, _ reply: String, _ states: String) {
        let result = mixed(letters)
        #expect((result.reply?.description ?? "") == reply)
        let word = result.copies.map { copy in
            switch copy.state {
            case .queued: "1"
            case .held: "2"
            case .quarantined: "4"
            case nil: "-"
            default: "?"
            }
        }.joined()
        #expect(word == states)
    }

    @Test func throughTheGate() throws {
        let filter = ScriptedFilter("f", scope: .recipient) { call in
            switch call.envelope!.recipients[call.recipients == RecipientSet([0]) ? 0 : call.recipients == RecipientSet([1]) ? 1 : 2]
                .address.localPart
            {
            case "rejected": .done([], [Proposal(.reject(Reply(.refused, "Not for me")))])
            case "deferred": .done([], [Proposal(.defer(Reply(.notNow, "Later")))])
            default: .done()
            }
        }
        let gate = try Gate([filter], policy([domain("example.org", [[slot("f")]])]))
        gate.send(to: "accepted@example.org", "rejected@example.org", "deferred@example.org")
        #expect(gate.last.hasPrefix("data 250 2.0.0 Ok: queued as \(gate.store.accepted[0].queueID)"))
        #expect(gate.copies.map(\.state) == [.queued, .quarantined, .held])
        #expect(gate.copies[1].reason == "rejected copy of a message accepted for others: f proposed reject: 550 5.7.1 Not for me")
        #expect(gate.copies[2].nextAttempt == gate.loop.now + .seconds(60))
        #expect(gate.queued.all.count == 1)
    }
}
