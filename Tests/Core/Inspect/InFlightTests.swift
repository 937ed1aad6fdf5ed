import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// What the in-flight journal is told, and what it forbids.
@Suite struct InFlightTests {
    private static let reason = "ended the gateway twice, last in filter scan at data: not inspected"
    private static let text = "X-Postern-Score: -9\r\nno header at all\r\n\r\nbody\r\n"

    @Test func theReadingOfTheHeaderIsNoted() throws {
        let gate = try Gate([], policy())
        gate.send(to: "b@example.org")
        let noted = try #require(gate.journal.entered.first)
        #expect(noted.queueID == gate.store.accepted[0].queueID && noted.session == 7 && noted.phase == .data && noted.filter.isEmpty)
        #expect(noted.digest != nil && gate.journal.open == 0)
    }

    @Test func filtersGetTheDigestOfWhatCame() throws {
        let scan = ScriptedFilter("scan")
        let gate = try Gate([scan], policy([domain("example.org", [[slot("scan")]])]))
        let text = "X-Postern-Score: -9\r\nSubject: x\r\n\r\nbody\r\n"
        gate.send(to: "b@example.org", text: text)
        // A forged field was cut out of what they see.
        let message = try #require(scan.calls.first?.message)
        #expect(message.region.count < text.utf8.count)
        #expect(message.digest == Array(text.utf8).withUnsafeBytes { gate.journal.digest(of: $0) })
    }

    @Test func aMessageThatIsObjectedToIsKeptUnseen() throws {
        let scan = ScriptedFilter("scan")
        let gate = try Gate([scan], policy([domain("example.org", [[slot("scan")]]), domain("free.example")]))
        gate.journal.object(Self.reason)
        gate.send(to: "a@free.example", "b@example.org", text: Self.text)
        #expect(gate.last.hasPrefix("data 250"))
        #expect(scan.calls.isEmpty && gate.journal.entered.isEmpty)
        #expect(gate.copies.map(\.state) == [.quarantined, .quarantined])
        #expect(gate.copies.allSatisfy { $0.reason == Self.reason && $0.addedHeaders.hasPrefix("Received: ") })
        #expect(gate.body == Self.text)
        #expect(gate.store.receipts[0].json.contains(Self.reason))
        #expect(gate.log.events("filter").allSatisfy { $0.text("reason") == Self.reason })
        // The next one is a message like any other.
        gate.journal.object(nil)
        gate.mail()
        gate.rcpt("b@example.org")
        gate.data()
        #expect(scan.calls.count == 1)
    }

    @Test func aHeldCopyThatIsObjectedToIsNotJudgedAgain() throws {
        let scan = ScriptedFilter("scan") { _ in .ends(.error) }
        let gate = try Gate([scan], policy([domain("example.org", [[slot("scan")]]), domain("free.example")]))
        gate.send(to: "a@free.example", "b@example.org")
        let stored = try #require(gate.store.accepted.first)
        gate.journal.object(Self.reason)
        let changes = Gate.Box<[RecipientChange]>()
        Reinspection.run(stored, by: gate.inspector, on: gate.loop) { changes.append($0) }
        #expect(changes.all.map { $0.map(\.state) } == [[.quarantined]])
        #expect(changes.all[0][0].reason == Self.reason)
        #expect(scan.calls.count == 1)
        #expect(gate.store.receipts.last?.json.contains(Self.reason) == true)
    }
}
