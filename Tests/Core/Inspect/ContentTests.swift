import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Inspect

/// A message is taken apart once, as far as its filters need it, before the first of them.
@Suite struct ContentTests {
    /// Says what it was asked for, and gives one part; or nothing but a failure.
    private final class Builder: ContentBuilder {
        private let asked = Mutex<[ContentNeeds]>([])
        private let failure: StoreFailure?
        init(failure: StoreFailure? = nil) { self.failure = failure }
        var needs: [ContentNeeds] { asked.withLock { $0 } }

        func content(of message: Region, needs: ContentNeeds, spool: (any BodySpool)?) throws(StoreFailure) -> MessageContent {
            asked.withLock { $0.append(needs) }
            if let failure { throw failure }
            let all = ContentRef(region: 0, 0..<message.count)
            let part = ContentPart(path: "", parent: nil, kind: .leaf, declaredType: "text/plain", header: all, raw: all)
            let text = ContentText(part: 0, source: .plain, text: all)
            return MessageContent(built: needs, regions: [message], parts: [part], texts: [text])
        }
    }

    /// Holds what is to be done elsewhere until the test does it.
    private final class Elsewhere: Sendable {
        private let held = Mutex<[@Sendable () -> Void]>([])
        func hold(_ work: @escaping @Sendable () -> Void) { held.withLock { $0.append(work) } }
        var count: Int { held.withLock { $0.count } }
        func run() { held.withLock { $0 }.forEach { $0() } }
    }

    private static let large = "Subject: x\r\nMessage-ID: <1@sender.example>\r\n\r\n" + String(repeating: "line\r\n", count: 4000)

    @Test func onceForAllAndToEachWhatItNeeds() throws {
        let filters = [
            ScriptedFilter("plain"), ScriptedFilter("parts", needs: .parts), ScriptedFilter("texts", needs: .text),
            ScriptedFilter("other", needs: .urls),
        ]
        let builder = Builder()
        let gate = try Gate(
            filters,
            policy([
                domain("example.org", [[slot("plain")], [slot("parts"), slot("texts")]]), domain("example.net", [[slot("texts")]]),
                // Nobody here gets this message.
                domain("elsewhere.example", [[slot("other")]]),
            ]), contents: builder)
        gate.send(to: "b@example.org", "c@example.net")
        #expect(gate.last.hasPrefix("data 250"))
        #expect(builder.needs == [[.parts, .text]])
        #expect(filters[0].calls[0].message?.content == nil)
        let parts = try #require(filters[1].calls[0].message?.content)
        #expect(parts.built == .parts && parts.parts.count == 1 && parts.texts.isEmpty)
        #expect(filters[2].calls.count == 1 && filters[2].calls[0].message?.content?.texts.count == 1)
    }

    @Test func nobodyNeedsIt() throws {
        let builder = Builder()
        let gate = try Gate(
            [ScriptedFilter("plain"), ScriptedFilter("edge", phases: [.mail], needs: .parts)],
            policy([domain("example.org", [[slot("plain")]])], edge: [[slot("edge")]]), contents: builder)
        gate.send(to: "b@example.org")
        #expect(builder.needs.isEmpty && gate.last.hasPrefix("data 250"))
    }

    @Test func aLargeOneIsTakenApartElsewhere() throws {
        let filter = ScriptedFilter("parts", needs: .parts)
        let elsewhere = Elsewhere()
        let gate = try Gate(
            [filter], policy([domain("example.org", [[slot("parts")]])]), contents: Builder(), elsewhere: { elsewhere.hold($1) })
        gate.send(to: "b@example.org", text: Self.large)
        #expect(elsewhere.count == 1 && filter.runs.isEmpty && gate.last.hasPrefix("rcpt"))
        let seen = Gate.Box<InFlightSurvey>()
        gate.inspector.survey(patience: .seconds(1)) { seen.append($0) }
        gate.loop.runPending()
        #expect(seen.all.first?.waits.contains { "\($0)".contains("content") } == true)
        elsewhere.run()
        gate.loop.runPending()
        #expect(filter.calls.first?.message?.content?.parts.count == 1)
        #expect(gate.last.hasPrefix("data 250"))
    }

    /// The client is gone before it was done: no filter starts, nothing is stored.
    @Test func abandonedMeanwhile() throws {
        let filter = ScriptedFilter("parts", needs: .parts)
        let elsewhere = Elsewhere()
        let gate = try Gate(
            [filter], policy([domain("example.org", [[slot("parts")]])]), contents: Builder(), elsewhere: { elsewhere.hold($1) })
        gate.send(to: "b@example.org", text: Self.large)
        gate.session.close()
        elsewhere.run()
        gate.loop.runPending()
        #expect(filter.runs.isEmpty && gate.store.accepted.isEmpty)
    }

    /// Taking apart is within the time for all filters: what is late when it is done ends them at once.
    @Test func lateMeanwhile() throws {
        let filter = ScriptedFilter("parts", needs: .parts) { _ in .waits }
        let elsewhere = Elsewhere()
        let gate = try Gate(
            [filter], policy([domain("example.org", [[slot("parts")]])]), contents: Builder(), elsewhere: { elsewhere.hold($1) })
        gate.send(to: "b@example.org", text: Self.large)
        gate.loop.advance(by: .seconds(1000))
        #expect(gate.last.hasPrefix("rcpt"))
        elsewhere.run()
        gate.loop.runPending()
        #expect(gate.last.hasPrefix("data 451"), "\(gate.last)")
    }

    @Test func whatCannotBeKeptIsRefusedForNow() throws {
        let filter = ScriptedFilter("parts", needs: .parts)
        let gate = try Gate(
            [filter], policy([domain("example.org", [[slot("parts")]])]),
            contents: Builder(failure: StoreFailure(.full, "the disk is full")))
        gate.send(to: "b@example.org")
        #expect(gate.last.hasPrefix("data 452 4.3.1"))
        #expect(filter.runs.isEmpty && gate.store.accepted.isEmpty)
    }
}
