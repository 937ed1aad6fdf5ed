import Foundation
import Mail
import Synchronization
import Testing

/// Queue IDs sort by time as numbers and as text, and never repeat.
@Suite struct QueueIDTests {
    @Test func textKeepsTheOrderAndReadsBack() {
        var numbers: [Int64] = [0, 1, 31, 32, .max, .max - 1, 1 << 62]
        for shift in 0..<63 { numbers += [1 << Int64(shift), (1 << Int64(shift)) + 1, (1 << Int64(shift)) - 1] }
        let ids = numbers.map(QueueID.init(rawValue:)).filter { $0.rawValue >= 0 }.sorted()
        for (a, b) in zip(ids, ids.dropFirst()) { #expect(a == b || "\(a)" < "\(b)") }
        for id in ids {
            #expect("\(id)".utf8.count == 13)
            #expect(QueueID("\(id)") == id)
            #expect(QueueID("\(id)".lowercased()) == id)
        }
    }

    @Test(arguments: [
        "", "0", "000000000000", "00000000000000", "000000000000I", "000000000000L", "000000000000O", "000000000000U", "0000-00000000",
        "8000000000000", "ZZZZZZZZZZZZZ", "G000000000000", "000000000000é", " 000000000000", "000000000000\u{0}",
    ]) func refuses(_ text: String) { #expect(QueueID(text) == nil) }

    @Test func timeOfAnID() {
        let time = Timestamp(microseconds: 1_800_000_000_123_456)
        #expect(QueueID.first(at: time).time == time)
        #expect(QueueID.first(at: Timestamp(seconds: 0)).rawValue == 0)
        #expect(QueueID.first(at: .distantPast).rawValue == 0)
        #expect(QueueID.first(at: .distantFuture).rawValue > 0)
    }

    @Test func aClockSetBackRepeatsNothing() {
        let generator = QueueIDGenerator(floor: QueueID(rawValue: 0))
        var last = generator.next(at: Timestamp(seconds: 1_800_000_000))
        for seconds: Int64 in [1_800_000_000, 1_700_000_000, 0, 1_800_000_000, 1_800_000_001, -5] {
            let next = generator.next(at: Timestamp(seconds: seconds))
            #expect(next > last)
            last = next
        }
    }

    @Test func startsAboveTheStoresHighest() {
        let floor = QueueID.first(at: Timestamp(seconds: 1_900_000_000))
        #expect(QueueIDGenerator(floor: floor).next(at: Timestamp(seconds: 1_800_000_000)) > floor)
    }

    @Test func manyThreadsGetDifferentOnes() {
        let generator = QueueIDGenerator(floor: QueueID(rawValue: 0))
        let all = Mutex<[QueueID]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            let mine = (0..<5000).map { generator.next(at: Timestamp(seconds: 1_800_000_000 + Int64($0 / 1000))) }
            #expect(zip(mine, mine.dropFirst()).allSatisfy(<))
            all.withLock { $0 += mine }
        }
        #expect(Set(all.withLock { $0 }).count == 40_000)
    }
}
