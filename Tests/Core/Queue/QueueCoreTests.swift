import Mail
import Testing

@testable import Queue

/// The machine alone: who gets a turn, and when.
struct QueueCoreTests {
    @Test func `destinations take turns, each in order`() {
        var bench = CoreBench()
        bench.add(1...3, "a")
        bench.add(4...5, "b")
        bench.core.add(CoreBench.id(6), to: nil, due: bench.now)
        #expect(bench.start() == ["held 6", "a 1", "b 4", "a 2", "b 5", "a 3"])
    }

    @Test func `nothing starts before its time`() {
        var bench = CoreBench()
        bench.add(1...1, "a", in: 5)
        #expect(bench.start(after: 4) == [])
        #expect(bench.core.nextDue == bench.now + .seconds(1))
        #expect(bench.start(after: 1) == ["a 1"])
        #expect(bench.core.nextDue == nil)
    }

    @Test func `asked for again while it runs, it runs again`() {
        var bench = CoreBench()
        bench.add(1...1, "a")
        bench.start()
        bench.add(1...1, "a", in: 1)
        #expect(bench.start(after: 2) == [])
        bench.finish(next: 60)
        #expect(bench.start() == ["a 1"])
        #expect(bench.core.count == 1)
    }

    @Test func `an earlier time counts, a later one does not`() {
        var bench = CoreBench()
        for seconds in [50, 90, 10] { bench.add(1...1, "a", in: seconds) }
        #expect(bench.start(after: 10) == ["a 1"])
        bench.finish()
        #expect(bench.start(after: 90) == [])
        #expect(bench.core.count == 0)
    }

    @Test func `flush makes one lane due, or one message`() {
        var bench = CoreBench()
        for (i, domain) in ["a", "b", "a", "a"].enumerated() { bench.add(i...i, domain, in: 100 + i) }
        let flushed = bench.core.flush(lane: bench.core.lanes.number(of: .servers("a"))!, now: bench.now)
        #expect(flushed == 3)
        #expect(bench.start() == ["a 0", "a 2", "a 3"])
        var isThere = bench.core.flush(CoreBench.id(1), to: .servers("a"), now: bench.now)
        #expect(!isThere)
        isThere = bench.core.flush(CoreBench.id(1), to: .servers("b"), now: bench.now)
        #expect(isThere)
        #expect(bench.start() == ["b 1"])
        // A flush is over with what was there.
        for _ in 0..<3 { bench.finish("a", .defers, next: 200) }
        #expect(bench.start() == [])
    }

    @Test func `what is removed never starts, and leaves nothing behind`() {
        var bench = CoreBench()
        bench.add(1...100, "a", in: 10)
        bench.add(1...1, "b")
        bench.start()
        for i in 1...99 { bench.core.remove(CoreBench.id(i), to: .servers("a")) }
        bench.core.remove(CoreBench.id(1), to: .servers("b"))
        #expect(bench.core.count == 2, "what is under way ends by itself")
        bench.finish("b")
        #expect(bench.start(after: 10) == ["a 100"])
    }

    @Test func `nothing starts once it is stopping`() {
        var bench = CoreBench()
        bench.add(1...1, "a")
        bench.core.isStopping = true
        #expect(bench.start() == [])
    }

    @Test func `the limit doubles each round, up to the concurrency`() {
        var bench = CoreBench(concurrency: 12)
        bench.add(1...100, "a")
        #expect(bench.start().count == 5)
        for _ in 0..<5 { bench.finish() }
        #expect(bench.start().count == 10)
        for _ in 0..<10 { bench.finish() }
        #expect(bench.start().count == 12)
    }

    @Test func `a server that turns sessions away gets half as many, and then one more each round`() {
        var bench = CoreBench()
        bench.add(1...1000, "a")
        bench.start()
        for _ in 0..<40 {
            bench.finish()
            bench.start()
        }
        #expect(bench.running.count == 20)
        bench.finish("a", .refuses, next: 60)
        #expect(bench.lane("a").limit == 10)
        bench.start()
        #expect(bench.running.count == 19)
        while bench.running.count > 10 { bench.finish() }
        for round in 0..<3 {
            #expect(bench.lane("a").limit == 10 + round)
            for _ in 0..<(10 + round) { bench.finish() }
            bench.start()
        }
        #expect(bench.lane("a").outage == nil)
        for _ in 0..<100 where bench.lane("a").limit > 1 { bench.finish("a", .refuses, next: 60) }
        #expect(bench.lane("a").limit == 1, "never below one")
    }

    @Test func `a server that takes sessions and no more mail gets half as many, and is never down`() {
        var bench = CoreBench()
        bench.add(1...1000, "a")
        bench.start()
        for _ in 0..<40 {
            bench.finish()
            bench.start()
        }
        #expect(bench.lane("a").limit == 20)
        for limit in [10, 5, 2, 1, 1, 1] {
            bench.finish("a", .throttles, next: 60)
            #expect(bench.lane("a").limit == limit && bench.lane("a").outage == nil)
        }
    }

    @Test func `a probe that tells nothing is not repeated at once`() {
        var bench = CoreBench()
        bench.add(1...3, "a")
        bench.start()
        bench.finish("a", .fails, next: 10_000)
        for _ in 0..<2 { bench.finish("a", .fails, next: 10_000) }
        bench.now = bench.lane("a").outage!.nextProbe
        #expect(bench.start().count == 1)
        bench.finish("a", .unknown, next: 10_000)
        #expect(bench.start().isEmpty)
        #expect(bench.lane("a").outage!.nextProbe > bench.now)
    }

    @Test func `one attempt that stalls among others that succeed is no outage`() {
        var bench = CoreBench()
        bench.add(1...100, "a")
        bench.start()
        let stalled = bench.running.removeFirst()
        bench.finish()
        bench.core.finished(CoreBench.item(stalled), next: bench.now + .seconds(60), health: .fails, now: bench.now)
        #expect(bench.lane("a").outage == nil)
        #expect(bench.lane("a").limit == 3)
    }

    @Test func `a destination that does not answer is tried by one, and the others are suspended`() {
        var bench = CoreBench()
        bench.add(1...50, "dead")
        #expect(bench.start().count == 5)
        for _ in 0..<5 { bench.finish("dead", .fails, next: 60) }
        // The rest are told, none is tried.
        let told = bench.start()
        #expect(told.count == 45 && told.allSatisfy { $0.hasPrefix("dead suspends") })
        for _ in 0..<45 { bench.finish("dead", .unknown, next: 60) }
        #expect(bench.core.suspendedCount == 50)

        var probes = 0
        var waits: [Duration] = []
        for _ in 0..<5 {
            let before = bench.now
            // The moment at which it is worth a look.
            while bench.running.isEmpty {
                bench.now = max(bench.now, bench.core.nextDue!)
                bench.start()
                // What is due meanwhile is only told.
                while let i = bench.running.firstIndex(where: { CoreBench.name($0).contains("suspends") }) {
                    bench.core.finished(
                        CoreBench.item(bench.running.remove(at: i)), next: bench.now + .seconds(900), health: .unknown, now: bench.now)
                }
            }
            #expect(bench.running.count == 1, "one probe at a time")
            probes += 1
            waits.append(bench.now - before)
            bench.finish("dead", .fails, next: 900)
        }
        #expect(waits.last! > waits.first! * 4, "with a back-off of its own: \(waits)")
        #expect(bench.lane("dead").outage?.failures == 6)
    }

    @Test func `when it is back, what has gathered drains gently, new mail in between`() {
        var bench = CoreBench()
        bench.add(1...200, "a")
        bench.start()
        for _ in 0..<5 { bench.finish("a", .fails, next: 7200) }
        bench.start()
        while !bench.running.isEmpty {
            bench.finish(nil, .unknown, next: 7200)
            bench.start()
        }
        #expect(bench.core.suspendedCount == 200)
        bench.now = bench.core.nextDue!
        #expect(bench.start().count == 1)
        bench.finish("a")
        bench.add(1000...1002, "a")
        #expect(bench.lane("a").outage == nil)
        var rounds: [Int] = []
        var started: [String] = []
        for _ in 0..<5 {
            started += bench.start()
            rounds.append(bench.running.count)
            while !bench.running.isEmpty { bench.finish() }
        }
        #expect(rounds == [1, 2, 4, 5, 6], "doubled each round, then one more: long before their time, which was two hours away")
        #expect(started.firstIndex(of: "a 1002")! < 8)
    }

    @Test func `a sign of life is enough, success or not`() {
        var bench = CoreBench()
        bench.add(1...2, "a")
        bench.start()
        bench.finish("a", .fails, next: 60)
        #expect(bench.lane("a").outage?.words == "words")
        // The other one had begun before.
        bench.finish("a", .defers, next: 300)
        #expect(bench.lane("a").outage == nil)
        #expect(bench.start() == ["a 1"])
    }

    @Test func `a flush tries a destination that is down at once, with the message that was meant, and only with one`() {
        var bench = CoreBench()
        bench.add(1...9, "a")
        bench.start()
        for _ in 0..<5 { bench.finish("a", .fails, next: 600) }
        bench.start()
        for _ in 0..<4 { bench.finish("a", .unknown, next: 600) }
        #expect(bench.start() == [])
        let isThere = bench.core.flush(CoreBench.id(7), to: .servers("a"), now: bench.now)
        #expect(isThere)
        #expect(bench.start() == ["a 7"])
        bench.finish("a", .fails, next: 600)
        #expect(bench.start() == [])
        let flushed = bench.core.flush(lane: bench.core.lanes.number(of: .servers("a"))!, now: bench.now)
        #expect(flushed == 9)
        #expect(bench.start().count == 1)
        bench.finish("a", .fails, next: 600)
        #expect(bench.start() == [])
    }

    @Test func `lanes of destinations without mail are forgotten, the latest last`() {
        var bench = CoreBench()
        for i in 1...6000 {
            bench.core.add(CoreBench.id(i), to: .mx("\(i).example", sender: nil), due: bench.now)
            bench.start()
            bench.finish()
        }
        #expect(bench.core.lanes.count == QueueCore.idleLanes)
        #expect(bench.core.lanes.number(of: .mx("6000.example", sender: nil)) != nil)
        #expect(bench.core.lanes.number(of: .mx("1.example", sender: nil)) == nil)
        #expect(bench.core.lanes.indices.count <= QueueCore.idleLanes + 3)
    }
}
