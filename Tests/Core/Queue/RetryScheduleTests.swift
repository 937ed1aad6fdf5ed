import Mail
import Testing

@testable import Queue

struct RetryScheduleTests {
    let schedule = RetrySchedule(first: .seconds(60), most: .seconds(4 * 3600))

    @Test(arguments: [(1, 60), (2, 120), (3, 240), (8, 7680), (9, 14400), (10, 14400), (500, 14400), (0, 60), (-3, 60)])
    func `the wait doubles up to the most, give or take a quarter`(attempts: Int, base: Int) {
        var random = SeededRandom(seed: 1)
        var seen: Set<Duration> = []
        for _ in 0..<200 {
            let delay = schedule.delay(after: attempts, using: &random)
            #expect(delay >= .seconds(base) * 3 / 4)
            #expect(delay <= min(.seconds(base) * 5 / 4, .seconds(4 * 3600)))
            seen.insert(delay)
        }
        #expect(seen.count > 50, "what failed together must not come back together")
    }

    @Test func `a first above the most, and nonsense, are bounded`() {
        var random = SeededRandom(seed: 2)
        #expect(RetrySchedule(first: .seconds(100), most: .seconds(10)).delay(after: 1, using: &random) <= .seconds(10))
        #expect(RetrySchedule(first: .zero, most: .zero).delay(after: 9, using: &random) > .zero)
    }

    @Test func `the same seed gives the same waits`() {
        var (a, b) = (SeededRandom(seed: 3), SeededRandom(seed: 3))
        #expect((1...9).map { schedule.delay(after: $0, using: &a) } == (1...9).map { schedule.delay(after: $0, using: &b) })
    }
}
