import Foundation
import Mail
import Testing

@testable import InFlight

/// When a silent event loop is named, and when what holds it ends the process.
@Suite struct LoopPatienceTests {
    private static func found(_ byte: UInt8 = 1, filter: String = "probe", at seconds: Int64 = 1) -> FoundStretch {
        FoundStretch(stretch: InFlightFolder.stretch(byte, filter: filter), time: Timestamp(seconds: seconds), isFatal: false)
    }

    /// What is found at each second.
    private func findings(_ looks: [FoundStretch?]) -> [Int: LoopPatience.Finding] {
        var patience = LoopPatience()
        var findings: [Int: LoopPatience.Finding] = [:]
        for (index, stretch) in looks.enumerated() { findings[index + 1] = patience.look(answered: false, stretch) }
        return findings
    }

    @Test func aFilterThatDoesNotComeBack() {
        let stuck = Self.found()
        #expect(findings(Array(repeating: stuck, count: 30)) == [2: .silent(2, stuck), 10: .stuck(stuck)])
    }

    /// One filter's call after another is load; the gateway's own reading and nothing at all are no plugin's.
    private static let others: [[FoundStretch?]] = [
        (0..<20).map { found(at: $0) }, [found(1), found(1), found(2)] + Array(repeating: found(1), count: 17),
        Array(repeating: found(filter: ""), count: 20), Array(repeating: nil, count: 20),
    ]

    @Test(arguments: others) func isEndedForNothingElse(_ looks: [FoundStretch?]) {
        let findings = findings(looks)
        #expect(findings == [2: .silent(2, looks[1]), 10: .silent(10, looks[9])])
    }

    @Test func answersAgain() {
        var patience = LoopPatience()
        #expect(patience.look(answered: false, Self.found()) == nil)
        #expect(patience.look(answered: true, nil) == nil)
        for _ in 0..<5 { _ = patience.look(answered: false, Self.found()) }
        #expect(patience.look(answered: true, nil) == .answers(5))
        #expect(patience == LoopPatience())
    }

    @Test func findsTheStretchOfAThread() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        let own = UInt64(pthread_self())
        #expect(journal.stretch(of: own) == nil)
        let mark = journal.enter(InFlightFolder.stretch(3))
        #expect(journal.stretch(of: own)?.stretch == InFlightFolder.stretch(3))
        #expect(journal.stretch(of: own &+ 1) == nil)
        journal.leave(mark)
        #expect(journal.stretch(of: own) == nil)
    }
}
