import Foundation
import Mail
import Synchronization
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

    @Test func isToldAgainEachMinute() {
        let stuck = Self.found()
        #expect(
            findings(Array(repeating: stuck, count: 131)) == [
                2: .silent(2, stuck), 10: .stuck(stuck), 70: .stuck(stuck), 130: .stuck(stuck),
            ])
        #expect(
            findings(Array(repeating: nil, count: 131)) == [
                2: .silent(2, nil), 10: .silent(10, nil), 70: .silent(70, nil), 130: .silent(130, nil),
            ])
    }

    private static let before: [[FoundStretch?]] = [
        [nil, nil], [nil, nil, nil, nil, nil], Array(repeating: found(1), count: 3), Array(repeating: found(1), count: 9),
        [found(1), found(2), found(3)], [found(8), found(8), found(1)], Array(repeating: nil, count: 40),
    ]

    /// Ten seconds of one stretch, whatever held the loop before it; the gateway's own reading like a filter.
    @Test(arguments: before, [found(9), found(9, filter: "")])
    func whatDoesNotComeBackIsEnded(_ before: [FoundStretch?], _ last: FoundStretch) {
        let looks = before + Array(repeating: last, count: 12)
        let findings = findings(looks)
        let end = before.count + 10
        #expect(findings[2] == .silent(2, looks[1]))
        #expect(findings[end] == .stuck(last))
        #expect(Set(findings.keys) == [2, 10, end])
    }

    /// One call after another is load; what is no message's is no plugin's.
    private static let others: [[FoundStretch?]] = [
        (0..<30).map { found(UInt8($0 % 2), at: Int64($0)) }, (0..<30).map { found(at: Int64($0) / 9) }, Array(repeating: nil, count: 30),
        (0..<30).map { $0 % 10 == 9 ? nil : found() },
    ]

    @Test(arguments: others) func nothingElseIs(_ looks: [FoundStretch?]) {
        #expect(findings(looks) == [2: .silent(2, looks[1]), 10: .silent(10, looks[9])])
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

    private final class Mover: Sendable {
        let thread = Atomic<UInt64>(0)
        let isOver = Atomic(false)
    }

    /// A loop that is merely slow goes on while it is looked at: what is found is one stretch, never half of each of two.
    @Test func aThreadThatMovesIsSeenWhole() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        let stretches = (1...3).map { InFlightFolder.stretch($0, filter: String(repeating: "\($0)", count: 64)) }
        let mover = Mover()
        let thread = Thread {
            mover.thread.store(UInt64(pthread_self()), ordering: .releasing)
            while !mover.isOver.load(ordering: .relaxed) {
                for stretch in stretches { journal.leave(journal.enter(stretch)) }
            }
        }
        thread.start()
        defer { mover.isOver.store(true, ordering: .relaxed) }
        var (seen, torn) = (0, 0)
        let end = ContinuousClock.now + .seconds(60)
        while seen < 20_000, ContinuousClock.now < end {
            guard let found = journal.stretch(of: mover.thread.load(ordering: .acquiring)) else { continue }
            seen += 1
            if !stretches.contains(found.stretch) { torn += 1 }
        }
        #expect(seen > 0 && torn == 0, "\(torn) of \(seen)")
    }
}
