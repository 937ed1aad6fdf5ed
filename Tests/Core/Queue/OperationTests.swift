import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Queue

/// What an operator may do with many copies, and what is left of it.
struct OperationTests {
    /// Carries out an operation on everything that the store has; says on how many copies.
    private func carryOut(_ operation: QueueOperation, _ bench: QueueBench) -> Int? {
        let count = Mutex<Int?>(nil)
        let selections = bench.store.state.withLock { state in
            state.messages.values.sorted { $0.queueID < $1.queueID }.map { message in
                let copies = message.recipients.filter { operation.states.contains($0.state) }
                return DeliveryQueue.Selection(message, indices: Set(copies.map(\.index)))
            }
        }
        bench.queue.carryOut(operation, on: selections, by: "root") { result in count.withLock { $0 = try? result.get() } }
        bench.loop.runPending()
        return count.withLock { $0 }
    }

    @Test func `many copies are changed in transactions of bounded size, and nothing of them is looked for later`() {
        let bench = QueueBench(["a", "b"])
        for i in 1...1200 { bench.put(bench.message(i, "a", "b")) }
        for _ in 1...10 {
            bench.hops.finish { _ in .busy }
            bench.loop.runPending()
        }
        let tried = bench.hops.jobs.count
        #expect(carryOut(.hold, bench) == 2400)
        #expect(bench.store.state.withLock { $0.changes.max() } == 1000)
        #expect(bench.queue.core.count == bench.hops.running.count, "only what is under way is known still")
        while !bench.hops.running.isEmpty {
            bench.hops.finish { _ in .busy }
            bench.loop.runPending()
        }
        bench.loop.advance(by: .seconds(86400))
        #expect(bench.hops.jobs.count == tried)
        #expect(bench.queue.core.count == 0)
        #expect(bench.store.states(bench.message(7, "a")) == [.quarantined, .quarantined])

        #expect(carryOut(.release, bench) == 2400)
        #expect(bench.queue.core.count == 2400)
        #expect(carryOut(.delete, bench) == 2400)
        #expect(carryOut(.delete, bench) == 0)
    }

    @Test func `requeued it begins again, wherever it is`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .busy } })
        let message = bench.put(bench.message(1, "a", "a"))
        bench.put(bench.message(2, "a", state: .quarantined))
        bench.put(bench.message(3, "a", state: .held))
        bench.loop.advance(by: .seconds(3000))
        let tried = bench.hops.jobs.count
        #expect(tried >= 5)
        bench.inspections.waiting.withLock { $0 = [] }
        #expect(carryOut(.requeue, bench) == 4)
        let copies = bench.store.state.withLock { $0.messages[message.queueID]!.recipients }
        #expect(copies.allSatisfy { $0.attempts == 1 }, "the first of a new row")
        #expect(bench.hops.jobs.count == tried + 2)
        #expect(bench.store.states(bench.message(3, "a")) == [.held], "without a verdict nothing is delivered")
    }

    @Test func `put up for inspection it is judged again before it is tried`() {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a"))
        // An attempt that is under way does not undo it.
        #expect(carryOut(.inspect, bench) == 1)
        bench.hops.finish { _ in .busy }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.held])
        let asked = bench.inspections.waiting.withLock { $0.removeFirst() }
        #expect(asked.message.queueID == message.queueID)
        asked.done([
            RecipientChange(
                queueID: message.queueID, index: 0, state: .quarantined, attempts: 0, nextAttempt: bench.loop.now, reason: "bad")
        ])
        bench.loop.advance(by: .seconds(86400))
        #expect(bench.store.states(message) == [.quarantined])
        #expect(bench.hops.jobs.count == 1)
    }

    @Test func `what cannot be stored is told, and goes on as before`() {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a"))
        bench.hops.finish { _ in .busy }
        bench.loop.runPending()
        bench.store.state.withLock { $0.isFull = true }
        #expect(carryOut(.delete, bench) == nil)
        bench.store.state.withLock { $0.isFull = false }
        bench.loop.advance(by: .seconds(76))
        bench.hops.finish()
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.delivered])
    }

    @Test func `destinations are told with what waits for them`() throws {
        let bench = QueueBench(["a", "b"])
        for i in 1...10 { bench.put(bench.message(i, "a")) }
        bench.put(bench.message(11, "b"))
        for _ in 1...5 {
            bench.hops.finish("a") { _ in .down }
            bench.loop.runPending()
        }
        let told = Mutex<[DestinationStatus]>([])
        bench.queue.destinations { statuses in told.withLock { $0 = statuses } }
        bench.loop.runPending()
        let (first, second) = try told.withLock { (try #require($0.first), try #require($0.last)) }
        #expect(first.destination == "a" && first.state == .down && first.queued == 10 && first.running == 0)
        #expect(first.oldest == QueueID(rawValue: 1 << 12))
        #expect(first.outage?.words == "connection refused")
        #expect(try #require(first.outage?.nextProbe) > bench.loop.now)
        #expect(second.destination == "b" && second.state == .healthy && second.running == 1)
    }
}
