import NIOCore
import NIOEmbedded
import Testing

@testable import Receive

@Suite struct SessionTimersTests {
    private final class Sleeper: Timed {
        var timerPlace: Int?
        let name: Int
        let woken: (Int) -> Void

        init(_ name: Int, _ woken: @escaping (Int) -> Void) {
            self.name = name
            self.woken = woken
        }

        func look() { woken(name) }
    }

    @Test func eachIsWokenOnceAndInOrder() {
        let loop = EmbeddedEventLoop()
        let timers = SessionTimers(on: loop)
        var woken: [Int] = []
        let sleepers = (0..<100).map { Sleeper($0) { woken.append($0) } }
        for sleeper in sleepers { timers.wake(sleeper, in: .seconds(Int64((sleeper.name * 37) % 100) + 1)) }
        loop.advanceTime(by: .seconds(50))
        #expect(woken == (1...50).map { second in (0..<100).first { ($0 * 37) % 100 + 1 == second }! })
        #expect(timers.count == 50)
        loop.advanceTime(by: .seconds(50))
        #expect(Set(woken).count == 100 && woken.count == 100 && timers.count == 0)
        #expect(sleepers.allSatisfy { $0.timerPlace == nil })
    }

    @Test func whoIsForgottenSleepsOnAndWhoIsMovedWakesThen() {
        let loop = EmbeddedEventLoop()
        let timers = SessionTimers(on: loop)
        var woken: [Int] = []
        let sleepers = (0..<1000).map { Sleeper($0) { woken.append($0) } }
        for sleeper in sleepers { timers.wake(sleeper, in: .seconds(Int64((sleeper.name * 7919) % 1000) + 10)) }
        for sleeper in sleepers where sleeper.name % 3 == 0 { timers.forget(sleeper) }
        for sleeper in sleepers where sleeper.name % 3 == 1 { timers.wake(sleeper, in: .seconds(5)) }
        timers.forget(sleepers[0])
        #expect(timers.count == 666)
        loop.advanceTime(by: .seconds(5))
        #expect(woken.sorted() == (0..<1000).filter { $0 % 3 == 1 })
        loop.advanceTime(by: .seconds(2000))
        #expect(woken.sorted() == (0..<1000).filter { $0 % 3 != 0 } && timers.count == 0)
    }

    @Test func whoLooksMaySleepAgainOrSendOthersAway() {
        let loop = EmbeddedEventLoop()
        let timers = SessionTimers(on: loop)
        var woken: [Int] = []
        var other: Sleeper?
        var again: Sleeper?
        again = Sleeper(1) { name in
            woken.append(name)
            if woken.count < 3 { timers.wake(again!, in: .seconds(1)) }
            other.map { timers.forget($0) }
        }
        other = Sleeper(2) { woken.append($0) }
        timers.wake(again!, in: .seconds(1))
        timers.wake(other!, in: .seconds(1))
        loop.advanceTime(by: .seconds(10))
        #expect(woken == [1, 1, 1])
    }
}
