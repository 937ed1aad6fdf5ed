import Mail
import Testing

@testable import Queue

/// The machine alone: who gets a turn, and when.
struct QueueCoreTests {
    let now = Timestamp(seconds: 1000)

    private func id(_ number: Int) -> QueueID { QueueID(rawValue: Int64(number)) }

    private func starts(_ actions: [QueueCore.Action]) -> [String] {
        actions.map {
            switch $0 {
            case .deliver(let item, let way, _): "\(way.domain) \(item.id.rawValue)"
            case .reinspect(let item): "held \(item.id.rawValue)"
            }
        }
    }

    private func item(_ action: QueueCore.Action) -> QueueCore.Item {
        switch action {
        case .deliver(let item, _, _), .reinspect(let item): item
        }
    }

    @Test func `domains take turns, each in order`() {
        var core = QueueCore(concurrency: 20)
        for i in 1...3 { core.add(id(i), way: Way("a"), due: now) }
        for i in 4...5 { core.add(id(i), way: Way("b"), due: now) }
        core.add(id(6), way: nil, due: now)
        #expect(starts(core.advance(to: now)) == ["a 1", "b 4", "held 6", "a 2", "b 5", "a 3"])
    }

    @Test func `nothing starts before its time`() {
        var core = QueueCore(concurrency: 20)
        core.add(id(1), way: Way("a"), due: now + .seconds(5))
        #expect(core.advance(to: now + .seconds(4)) == [])
        #expect(core.nextDue == now + .seconds(5))
        #expect(starts(core.advance(to: now + .seconds(5))) == ["a 1"])
    }

    @Test func `a limit per domain that grows with success and falls to one`() {
        var core = QueueCore(concurrency: 7)
        for i in 1...100 { core.add(id(i), way: Way("a"), due: now) }
        var running = core.advance(to: now)
        #expect(running.count == 5)
        core.finished(item(running.removeFirst()), next: nil, health: .answers)
        running += core.advance(to: now)
        #expect(running.count == 6)
        for _ in 0..<5 {
            core.finished(item(running.removeFirst()), next: nil, health: .answers)
            running += core.advance(to: now)
        }
        #expect(running.count == 7)
        core.finished(item(running.removeFirst()), next: nil, health: .fails)
        #expect(core.advance(to: now) == [])
        for _ in 0..<5 { core.finished(item(running.removeFirst()), next: nil, health: .unknown) }
        #expect(core.advance(to: now) == [])
        core.finished(item(running.removeFirst()), next: nil, health: .fails)
        #expect(core.advance(to: now).count == 1)
    }

    @Test func `asked for again while it runs, it runs again`() {
        var core = QueueCore(concurrency: 20)
        core.add(id(1), way: Way("a"), due: now)
        let first = core.advance(to: now)
        core.add(id(1), way: Way("a"), due: now + .seconds(1))
        #expect(core.advance(to: now + .seconds(2)) == [])
        core.finished(item(first[0]), next: now + .seconds(60), health: .answers)
        #expect(starts(core.advance(to: now + .seconds(2))) == ["a 1"])
        #expect(core.count == 1)
    }

    @Test func `an earlier time counts, a later one does not`() {
        var core = QueueCore(concurrency: 20)
        core.add(id(1), way: Way("a"), due: now + .seconds(50))
        core.add(id(1), way: Way("a"), due: now + .seconds(90))
        core.add(id(1), way: Way("a"), due: now + .seconds(10))
        let actions = core.advance(to: now + .seconds(10))
        #expect(starts(actions) == ["a 1"])
        core.finished(item(actions[0]), next: nil, health: .answers)
        #expect(core.advance(to: now + .seconds(100)) == [])
        #expect(core.count == 0)
    }

    @Test func `flush makes one domain due, or all`() {
        var core = QueueCore(concurrency: 20)
        for (i, domain) in ["a", "b", "a"].enumerated() { core.add(id(i), way: Way(domain), due: now + .seconds(100)) }
        #expect(core.flush(domain: "nowhere", now: now) == 0)
        #expect(core.flush(domain: "a", now: now) == 2)
        #expect(starts(core.advance(to: now)) == ["a 0", "a 2"])
        #expect(core.flush(domain: nil, now: now) == 1)
        #expect(starts(core.advance(to: now)) == ["b 1"])
    }

    @Test func `many flushes do not make the heap grow`() {
        var core = QueueCore(concurrency: 1)
        var time = now
        core.add(id(1), way: Way("a"), due: now + .seconds(9999))
        for _ in 0..<5000 {
            _ = core.flush(domain: nil, now: time)
            let actions = core.advance(to: time)
            #expect(actions.count == 1)
            time = time + .milliseconds(1)
            core.finished(item(actions[0]), next: now + .seconds(9999), health: .answers)
        }
        #expect(core.heapCount < 3000)
    }

    @Test func `nothing starts once it is stopping`() {
        var core = QueueCore(concurrency: 20)
        core.add(id(1), way: Way("a"), due: now)
        core.isStopping = true
        #expect(core.advance(to: now) == [])
    }
}
