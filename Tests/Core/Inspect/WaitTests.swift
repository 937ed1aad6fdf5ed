import GatewayTestKit
import Inspect
import Mail
import Testing

/// What `postern inflight` is told.
@Suite struct WaitTests {
    private func survey(_ gate: Gate) throws -> InFlightSurvey {
        let box = Gate.Box<InFlightSurvey>()
        gate.inspector.survey(patience: .seconds(600)) { box.append($0) }
        gate.loop.runPending()
        return try #require(box.all.first)
    }

    @Test func namesFilterAndAgeAndForgetsWhatIsOver() throws {
        let edge = ScriptedFilter("rbl", phases: [.connect]) { _ in .detaches(joinBefore: .data) }
        let slow = ScriptedFilter("slow") { _ in .waits }
        let gate = try Gate([edge, slow], policy([domain("example.org", [[slot("slow")]])], edge: [[slot("rbl")]]))
        #expect(try survey(gate).waits.isEmpty && survey(gate).inspections == 1)
        gate.connect()
        gate.loop.advance(by: .seconds(2))
        let first = try survey(gate)
        #expect(first.waits.map(\.filter) == ["rbl"] && first.waits[0].isDetached && first.waits[0].age == .seconds(2))
        #expect(first.waits[0].phase == .connect && first.waits[0].queueID == nil && first.waits[0].session == 7)
        #expect(first.waits[0].detail == ["dns A 2.0.0.127.list.example 1.2s"])
        edge.runs[0].finish()
        gate.helo()
        gate.mail()
        gate.rcpt("b@example.org")
        gate.data("Subject: x\r\n\r\nbody\r\n")
        gate.loop.advance(by: .seconds(1))
        let second = try survey(gate)
        #expect(second.waits.map(\.filter) == ["slow"] && second.waits[0].phase == .data && second.waits[0].queueID != nil)
        #expect(second.waits[0].age == .seconds(1) && !second.waits[0].isDetached && second.total == 1 && second.silent == 0)
        slow.runs[0].finish()
        #expect(try survey(gate).waits.isEmpty)
        gate.session.close()
        #expect(try survey(gate).inspections == 0)
    }

    /// A loop that something blocks is told of, and nobody waits for it.
    @Test func aLoopThatDoesNotAnswer() async throws {
        let gate = try Gate([], policy([domain()]))
        let survey = await withCheckedContinuation { done in
            gate.inspector.survey(patience: .milliseconds(10)) { done.resume(returning: $0) }
        }
        #expect(survey.silent == 1 && survey.inspections == 1 && survey.waits.isEmpty)
        gate.session.close()
    }
}
