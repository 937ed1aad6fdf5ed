import Foundation
import GatewayTestKit
import Mail
import Store
import Synchronization
import Testing

@testable import Queue

/// The queue on the real store: what was committed is delivered after a restart, exactly what was not recorded.
struct RestartTests {
    @Test func `a new gateway on the same folder takes everything up again`() throws {
        let folder = NSTemporaryDirectory() + "/postern-queue-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bench = QueueBench(["a"])

        // The first one answers every second job, then ends without a word.
        let first = ScriptedHops { job in (job.queueID.rawValue >> 12) % 2 == 0 ? job.recipients.map { _ in .ok } : nil }
        var store = try SQLiteStore(folder: folder, clock: bench.loop)
        do {
            let queue = DeliveryQueue(
                store: store, client: first, policy: bench.policy, log: bench.log, loop: bench.loop, seed: 1, makeID: bench.makeID,
                reinspect: { _, _ in })
            let accepted = Atomic(0)
            for i in 1...8 {
                let message = bench.message(i, "a")
                store.accept(message) { _ in
                    queue.enqueue(message)
                    accepted.add(1, ordering: .relaxed)
                }
            }
            wait(bench.loop) { accepted.load(ordering: .relaxed) == 8 && bench.log.names.count == 4 }
            store.close()
        }

        store = try SQLiteStore(folder: folder, clock: bench.loop)
        let second = ScriptedHops { job in job.recipients.map { _ in .ok } }
        let queue = DeliveryQueue(
            store: store, client: second, policy: bench.policy, log: bench.log, loop: bench.loop, seed: 1, makeID: bench.makeID,
            reinspect: { _, _ in })
        let count = Mutex<Int?>(nil)
        queue.start { result in count.withLock { $0 = try? result.get() } }
        wait(bench.loop) { bench.log.names.count == 8 }
        #expect(count.withLock { $0 } == 4)
        // Read back beside each other, so not in a fixed order.
        #expect(second.jobs.map { $0.queueID.rawValue >> 12 }.sorted() == [1, 3, 5, 7])
        #expect(second.jobs.map { String(decoding: $0.region.bytes, as: UTF8.self) }.sorted() == ["body 1", "body 3", "body 5", "body 7"])
        store.close()
        // Recorded: a third start finds nothing.
        store = try SQLiteStore(folder: folder, clock: bench.loop)
        #expect(store.counts == [:])
        store.close()
    }

    /// Runs the loop until `condition`, within a bound.
    private func wait(_ loop: ManualLoop, until condition: () -> Bool) {
        for _ in 0..<10_000 where !condition() {
            loop.runPending()
            usleep(1000)
        }
        #expect(condition())
    }
}
