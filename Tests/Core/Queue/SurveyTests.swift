import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Queue

/// What is told of a long queue, put together without holding up the queue.
struct SurveyTests {
    @Test func `other work comes between, and what comes meanwhile counts`() {
        let bench = QueueBench(["a", "b", "c"])
        let loop = bench.loop
        for i in 1...(3 * Survey.itemsAtOnce) {
            bench.queue.core.add(QueueID(rawValue: Int64(i) << 12), to: .servers("a"), due: loop.now + .seconds(3600))
        }
        let order = Mutex<[String]>([])
        let told = Mutex<[DestinationStatus]>([])
        bench.queue.destinations { statuses in
            order.withLock { $0.append("told") }
            told.withLock { $0 = statuses }
        }
        // Once more, so that the first part was looked at by then.
        loop.execute {
            loop.execute {
                order.withLock { $0.append("other") }
                // The oldest goes and a destination comes, both in places that were looked at before or never will be.
                bench.queue.core.remove(QueueID(rawValue: 1 << 12), to: .servers("a"))
                bench.queue.core.add(QueueID(rawValue: 7), to: .servers("b"), due: loop.now + .seconds(3600))
            }
        }
        loop.runPending()
        #expect(order.withLock { $0 } == ["other", "told"])
        let found = told.withLock { $0 }
        #expect(found.map(\.destination) == ["a", "b"] && found[0].queued == 3 * Survey.itemsAtOnce - 1)
        #expect(found.last?.oldest == QueueID(rawValue: 7))
    }

    @Test func `whoever asks while it runs is told of the time of the question`() {
        let bench = QueueBench(["a", "b"])
        let loop = bench.loop
        bench.queue.core.add(QueueID(rawValue: 9), to: .servers("a"), due: loop.now + .seconds(3600))
        let told = Mutex<[[String]]>([])
        bench.queue.destinations { statuses in told.withLock { $0.append(statuses.map(\.destination)) } }
        loop.execute { bench.queue.core.add(QueueID(rawValue: 8), to: .servers("b"), due: loop.now + .seconds(3600)) }
        bench.queue.destinations { statuses in told.withLock { $0.append(statuses.map(\.destination)) } }
        loop.runPending()
        #expect(told.withLock { $0.count } == 2 && told.withLock { $0.last } == ["a", "b"])
    }

    @Test func `many destinations come in order`() async {
        let bench = QueueBench([])
        let loop = bench.loop
        let count = Survey.sortedAtOnce + 10
        for i in 1...count {
            bench.queue.core.add(QueueID(rawValue: Int64(i)), to: .mx("d\(i)", sender: nil), due: loop.now + .seconds(3600))
        }
        bench.queue.core.add(QueueID(rawValue: 0), to: .mx("d5", sender: nil), due: loop.now + .seconds(3600))
        let statuses = await withCheckedContinuation { done in
            bench.queue.destinations { done.resume(returning: $0) }
            loop.runPending()
        }
        #expect(statuses.count == count && statuses[0].destination == "mx d5" && statuses[0].oldest == QueueID(rawValue: 0))
    }
}
