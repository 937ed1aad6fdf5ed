import GatewayTestKit
import Mail
import Testing

@testable import Queue

/// What somebody does to the wall clock stalls nothing and ends nothing.
struct QueueClockTests {
    private let start = Timestamp(seconds: 1_000_000)

    @Test func `set back it goes on, set forward it follows`() {
        var clock = QueueClock(wall: start, uptime: .seconds(5))
        clock.advance(wall: start + .seconds(10), uptime: .seconds(15))
        #expect(clock.now == start + .seconds(10))
        clock.advance(wall: start - .seconds(7200), uptime: .seconds(25))
        #expect(clock.now == start + .seconds(20))
        #expect(clock.queueTime(ofWall: start - .seconds(7200)) == clock.now)
        #expect(clock.wallTime(of: clock.now) == start - .seconds(7200))
        clock.advance(wall: start + .seconds(30), uptime: .seconds(35))
        #expect(clock.now == start + .seconds(30))
        clock.advance(wall: start + .seconds(9000), uptime: .seconds(45))
        #expect(clock.now == start + .seconds(9000))
    }

    @Test func `ages do not jump with the clock`() {
        var clock = QueueClock(wall: start, uptime: .zero)
        clock.advance(wall: start + .seconds(100), uptime: .seconds(100))
        clock.advance(wall: start + .seconds(30 * 86400), uptime: .seconds(110))
        #expect(clock.age(of: start) == .seconds(110))
        // Received after that: by the clock as it is now.
        #expect(clock.age(of: start + .seconds(30 * 86400)) == .zero)
        clock.advance(wall: start + .seconds(120), uptime: .seconds(120))
        #expect(clock.age(of: start) == .seconds(120))
        for i in 1...100 { clock.advance(wall: start + .seconds(i % 2 * 1000), uptime: .seconds(120 + i)) }
        #expect(clock.now >= start + .seconds(220))
    }

    @Test func `a clock set back by hours stalls no message`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .busy } })
        bench.put(bench.message(1, "a"))
        #expect(bench.hops.jobs.count == 1)
        bench.loop.setClock(by: .seconds(-6 * 3600))
        bench.loop.advance(by: .seconds(76))
        #expect(bench.hops.jobs.count == 2)
        // Nor one that comes after it, nor the next wait.
        bench.put(bench.message(2, "a"))
        bench.loop.advance(by: .seconds(200))
        #expect(bench.hops.jobs.count >= 5)
    }

    @Test func `a clock set forward by a month expires nothing, and is followed soon`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .busy } })
        let message = bench.put(bench.message(1, "a"))
        bench.loop.advance(by: .seconds(5000))
        let tried = bench.hops.jobs.count
        bench.loop.setClock(by: .seconds(30 * 86400))
        bench.loop.advance(by: .seconds(61))
        #expect(bench.hops.jobs.count == tried + 1)
        #expect(bench.store.states(message) == [.queued])
        bench.loop.advance(by: .seconds(14 * 86400))
        #expect(bench.store.states(message) == [.queued])
        bench.loop.advance(by: .seconds(2 * 86400))
        #expect(bench.store.states(message) == [.quarantined])
    }

    @Test func `a time stored by a clock that was wrong is not waited for`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        var message = bench.message(1, "a")
        message.recipients[0].nextAttempt = bench.loop.now + .seconds(90 * 86400)
        bench.put(message)
        #expect(bench.hops.jobs.isEmpty)
        bench.loop.advance(by: .seconds(4 * 3600 + 60))
        #expect(bench.store.states(message) == [.delivered])
    }
}
