import Mail
import Testing

@testable import Queue

/// What one destination does to the others: nothing.
struct FairnessTests {
    @Test func `very many slow destinations leave slots for one more`() {
        var bench = CoreBench()
        for lane in 0..<100 { bench.add(lane * 100...lane * 100 + 99, "slow\(lane)") }
        bench.start()
        // The first ones succeed, so that each slow one may hold all that it can get.
        for _ in 0..<3000 {
            bench.finish()
            bench.start()
        }
        #expect(bench.running.count == QueueCore.runningLimit)
        bench.add(100_000...100_009, "live")
        #expect(bench.start() == ["live 100000"], "a destination that has none under way is never kept waiting by those that have")
        bench.finish("live")
        #expect(bench.start() == ["live 100001"])
    }

    @Test func `very many dead destinations hold slots of their own only`() {
        var bench = CoreBench()
        for lane in 0..<2000 { bench.add(lane...lane, "dead\(lane)") }
        while !bench.start().isEmpty { while !bench.running.isEmpty { bench.finish(nil, .fails, next: 60) } }
        #expect(bench.core.suspendedCount == 2000)
        bench.start(after: 3600)
        #expect(bench.running.count == QueueCore.probeLimit)
        for lane in 0..<200 { bench.add(10_000 + lane...10_000 + lane, "live\(lane)") }
        #expect(bench.start().count == 200)
    }

    /// One second is one step. A transfer takes one step; the dead destination's attempts time out after 30, the slow one's take 20.
    @Test func `with one dead and one slow among ten, the other eight's delay is unchanged`() {
        func delays(withBadOnes: Bool) -> [String: Int] {
            var bench = CoreBench()
            var started: [QueueCore.Item: Int] = [:]
            var ends: [(at: Int, domain: String, item: QueueCore.Item, health: Lane.Health)] = []
            var worst: [String: Int] = [:]
            var number = 0
            var arrived: [QueueID: Int] = [:]
            for step in 0..<600 {
                for domain in 0..<10 where withBadOnes || domain > 1 {
                    for _ in 0..<4 {
                        number += 1
                        arrived[CoreBench.id(number)] = step
                        bench.core.add(CoreBench.id(number), to: .servers("d\(domain)"), due: bench.now)
                    }
                }
                for end in ends where end.at <= step {
                    let next: Timestamp? = end.health == .answers ? nil : bench.now + .seconds(60)
                    bench.core.finished(end.item, next: next, health: end.health, now: bench.now)
                }
                ends.removeAll { $0.at <= step }
                for action in bench.core.advance(to: bench.now) {
                    let item = CoreBench.item(action)
                    guard case .deliver(_, .servers(let domain), _) = action else {
                        ends.append((step + 1, "", item, .unknown))
                        continue
                    }
                    worst[domain] = max(worst[domain] ?? 0, step - arrived[item.id]!)
                    started[item] = step
                    ends.append(
                        domain == "d0" ? (step + 30, domain, item, .fails) : (step + (domain == "d1" ? 20 : 1), domain, item, .answers))
                }
                bench.now = bench.now + .seconds(1)
            }
            return worst
        }
        let alone = delays(withBadOnes: false)
        let together = delays(withBadOnes: true)
        for domain in 2..<10 { #expect(together["d\(domain)"] == alone["d\(domain)"]) }
        #expect(alone["d5"]! <= 1)
    }

    /// Any order of events: nothing is lost, limits hold, and what waits has a moment at which it goes on.
    @Test(arguments: 1...8) func `at random nothing is lost`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bench = CoreBench(concurrency: 6, first: 10, most: 100)
        var left: Set<String> = []
        for step in 0..<3000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3:
                let (i, domain) = (Int.random(in: 0..<400, using: &random), "d\(Int.random(in: 0..<12, using: &random))")
                bench.core.add(
                    CoreBench.id(i), to: .servers(domain), due: bench.now + .seconds(Int.random(in: -5...30, using: &random)))
                left.insert("\(domain) \(i)")
            case 4...7:
                guard let i = bench.running.indices.randomElement(using: &random) else { continue }
                let action = bench.running.remove(at: i)
                let health: [Lane.Health] = [.answers, .answers, .defers, .throttles, .refuses, .fails, .unknown]
                var said = health.randomElement(using: &random)!
                if case .suspend = action { said = .unknown }
                let isDone = said == .answers && !left.isEmpty
                bench.core.finished(
                    CoreBench.item(action), next: isDone ? nil : bench.now + .seconds(20), health: said, now: bench.now)
                if case .deliver(let item, let destination, _) = action, isDone,
                    bench.core.item(item.id, to: destination) == nil
                {
                    left.remove("\(destination) \(item.id.rawValue)")
                }
            case 8:
                let lane = bench.core.lanes.indices.randomElement(using: &random)!
                if step % 5 == 0 { _ = bench.core.flush(lane: lane, now: bench.now) }
            default: bench.now = bench.now + .seconds(Int.random(in: 0...20, using: &random))
            }
            bench.start()
            #expect(bench.core.running == bench.running.count)
            for lane in 1..<max(1, bench.core.lanes.indices.count) {
                #expect(bench.core.lanes[lane].running <= 6 && bench.core.lanes[lane].limit >= 1)
            }
        }
        #expect(bench.core.count == left.count)
        // With answers everything goes.
        for _ in 0..<5000 where bench.core.count > 0 {
            while !bench.running.isEmpty {
                let action = bench.running.removeFirst()
                if case .suspend = action {
                    bench.core.finished(CoreBench.item(action), next: bench.now + .seconds(20), health: .unknown, now: bench.now)
                } else {
                    bench.core.finished(CoreBench.item(action), next: nil, health: .answers, now: bench.now)
                }
            }
            if let next = bench.core.nextDue { bench.now = max(bench.now, next) }
            bench.start()
        }
        #expect(bench.core.count == 0 && bench.core.running == 0 && bench.core.suspendedCount == 0)
    }
}
