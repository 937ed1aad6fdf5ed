import GatewayTestKit
import Mail
import Testing

@testable import Queue

/// A destination that is down, from the messages' side.
struct OutageTests {
    @Test func `one attempt tells for all, with its words, and each goes on by its own schedule`() {
        let bench = QueueBench(["a"])
        for i in 1...20 { bench.put(bench.message(i, "a")) }
        for _ in 1...5 {
            bench.hops.finish { _ in .down }
            bench.loop.runPending()
        }
        #expect(bench.hops.jobs.count == 5)
        let last = bench.store.state.withLock { $0.messages[QueueID(rawValue: 20 << 12)]!.recipients[0] }
        #expect(last.reason == "delivery suspended: connection refused")
        #expect(last.attempts == 1)
        #expect(last.nextAttempt > bench.loop.now + .seconds(40))
        // New mail is told at once.
        let message = bench.put(bench.message(21, "a"))
        #expect(bench.store.reasons(message) == ["delivery suspended: connection refused"])
        // Back: all of them, long before their time.
        bench.loop.advance(by: .seconds(76))
        #expect(bench.hops.running.count == 1)
        for _ in 0..<21 {
            bench.hops.finish()
            bench.loop.runPending()
        }
        #expect(bench.store.states(message) == [.delivered])
        #expect(bench.hops.jobs.count == 5 + 21)
    }

    @Test func `nothing expires without a try of its destination at its end`() {
        var queue = QueuePolicy()
        queue.lifetime = .seconds(3600)
        queue.retryFirst = .seconds(600)
        queue.retryMost = .seconds(3500)
        let bench = QueueBench(["a"], queue: queue, hops: ScriptedHops { $0.recipients.map { _ in .down } })
        let messages = (1...6).map { bench.put(bench.message($0, "a")) }
        var lastTry = bench.loop.now
        var tried = bench.hops.jobs.count
        var ended = 0
        for _ in 0..<400 {
            bench.loop.advance(by: .seconds(30))
            if bench.hops.jobs.count > tried { (lastTry, tried) = (bench.loop.now, bench.hops.jobs.count) }
            for message in messages where bench.store.states(message) == [.quarantined] {
                ended += 1
                #expect(lastTry - message.receivedAt >= .seconds(3600))
            }
            if ended > 0 { break }
        }
        bench.loop.advance(by: .seconds(4000))
        for message in messages {
            #expect(bench.store.states(message) == [.quarantined])
            #expect(bench.store.reasons(message)[0].hasPrefix("undeliverable: not delivered within 3600 s; last: "))
        }
    }

    @Test func `a history tells of one suspension, however many follow it`() throws {
        var queue = QueuePolicy()
        queue.lifetime = .seconds(15 * 86400)
        let bench = QueueBench(["a"], queue: queue, hops: ScriptedHops { $0.recipients.map { _ in .down } })
        let messages = (1...30).map { bench.put(bench.message($0, "a")) }
        bench.loop.advance(by: .seconds(2 * 86400))
        let all = bench.store.state.withLock { $0.receipts }
        let suspensions = Dictionary(grouping: all.filter { $0.json.contains("delivery suspended: ") }, by: \.queueID)
        #expect(suspensions.count >= messages.count - 5)
        // Those that were the probe in between have one more for each time.
        for (id, found) in suspensions {
            let attempts = all.filter { $0.queueID == id }.count - found.count
            #expect(found.count <= attempts + 1, "\(found.count) suspensions, \(attempts) attempts")
        }
        let tried = messages.map { message in bench.store.state.withLock { $0.messages[message.queueID]!.recipients[0].attempts } }
        #expect(tried.reduce(0, +) > all.count)
    }

    @Test func `a suspension that is recorded after the return does not wait`() {
        var bench = CoreBench()
        bench.add(1...6, "a")
        bench.start()
        for _ in 1...5 { bench.finish("a", .fails, next: 4000) }
        #expect(bench.start() == ["a suspends 6"])
        let suspension = bench.running.removeFirst()
        let probe = (0..<200).lazy.map { _ in bench.start(after: 5) }.first { !$0.isEmpty }
        #expect(probe?.count == 1)
        bench.finish("a", .answers)
        bench.running.append(suspension)
        bench.finish("a suspends", .unknown, next: 4000)
        // It takes its turn with the others, which come back gently.
        let started = (0..<10).flatMap { _ in
            let started = bench.start(after: 1)
            for _ in started { bench.finish("a", .answers) }
            return started
        }
        #expect(started.contains("a 6"))
    }

    @Test func `an attempt that a stop cuts off ends nothing`() {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a"))
        bench.loop.advance(by: .seconds(16 * 86400))
        bench.queue.stop {}
        bench.loop.runPending()
        bench.hops.finish { _ in .down }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.queued])
    }

    @Test func `a message that a live server cannot take is its own trouble`() {
        let bench = QueueBench(["a"])
        bench.put(bench.message(1, "a"))
        bench.hops.finish(isServed: true) { _ in .down }
        bench.loop.runPending()
        // Nobody suspends the next one.
        bench.put(bench.message(2, "a"))
        #expect(bench.hops.jobs.count == 2)
    }

    @Test func `what this gateway lacks is no outage, and ends none`() throws {
        let bench = QueueBench(["a"])
        bench.put(bench.message(1, "a"))
        bench.hops.finish(isUntried: true) { _ in .down }
        bench.loop.runPending()
        bench.put(bench.message(2, "a"))
        try #require(bench.hops.jobs.count == 2, "the next one is tried")
        bench.hops.finish { _ in .down }
        bench.loop.runPending()
        bench.put(bench.message(3, "a"))
        #expect(bench.hops.jobs.count == 2, "a server that was tried in vain is one")
    }

    @Test func `4xx to MAIL means fewer at a time, and no outage`() {
        let bench = QueueBench(["a"])
        for number in 1...20 { bench.put(bench.message(number, "a")) }
        #expect(bench.hops.running.count == 5)
        bench.hops.finish(isServed: true) { _ in .full }
        bench.loop.runPending()
        #expect(bench.hops.running.count == 4, "two may run, four still do")
        // What it says of one recipient is nobody else's affair.
        for running in [3, 2, 2, 2] {
            bench.hops.finish(isServed: true) { _ in .busy }
            bench.loop.runPending()
            #expect(bench.hops.running.count == running)
        }
    }
}
