import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Queue

/// What the last run left is taken up beside the mail that comes.
final class LoadingTests: Sendable {
    let bench = QueueBench(["a", "b"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
    let taken = Mutex<Result<Int, StoreFailure>?>(nil)

    /// Messages of the last run, one page after the other held back.
    private func leave(_ count: Int, _ domain: String = "a", in seconds: Int = 0) {
        for i in 1...count {
            var message = bench.message(i, domain)
            message.recipients[0].nextAttempt = bench.loop.now + .seconds(seconds)
            bench.store.accept(message) { _ in }
        }
        bench.store.state.withLock { $0.holdsPages = true }
    }

    private func start() {
        bench.queue.start { [self] result in taken.withLock { $0 = result } }
        bench.loop.runPending()
    }

    private func givePage() {
        bench.store.givePage()
        bench.loop.runPending()
    }

    private var sent: [Int64] { bench.hops.jobs.map { $0.queueID.rawValue >> 12 } }

    @Test func `mail that comes meanwhile goes out at once, and once`() {
        leave(3)
        start()
        #expect(sent == [] && bench.queue.loadProgress == LoadProgress(messages: 0))
        let late = bench.put(bench.message(4, "b"))
        #expect(sent == [4])
        // The next page has it too, since what became of it is not recorded yet.
        bench.store.state.withLock { $0.messages[late.queueID]!.recipients[0].state = .queued }
        givePage()
        #expect(sent == [4, 1, 2, 3])
        givePage()
        #expect(bench.queue.loadProgress == nil && (try? taken.withLock { $0 }?.get()) == 3)
        bench.loop.advance(by: .seconds(3600))
        #expect(sent == [4, 1, 2, 3])
    }

    @Test func `each page goes out before the next comes, and says how far it is`() {
        leave(Loading.page + 5)
        start()
        givePage()
        #expect(sent.count == Loading.page && bench.queue.loadProgress == LoadProgress(messages: Loading.page))
        givePage()
        givePage()
        #expect(sent.count == Loading.page + 5 && (try? taken.withLock { $0 }?.get()) == Loading.page + 5)
    }

    @Test func `a hold stands, whether it comes before the page or while that is read`() {
        leave(2)
        start()
        let id = QueueID(rawValue: 1 << 12)
        let held = Mutex(0)
        bench.queue.carryOut(.hold, on: id, by: "test") { result in held.withLock { $0 = (try? result.get()) ?? 0 } }
        bench.loop.runPending()
        #expect(held.withLock { $0 } == 1)
        givePage()
        givePage()
        #expect(sent == [2] && taken.withLock { $0 } != nil)
        #expect(bench.store.state.withLock { $0.messages[id]!.recipients[0].state } == .quarantined)
        bench.loop.advance(by: .seconds(8 * 3600))
        #expect(sent == [2])
    }

    @Test func `a flush reaches what is yet to come, and its count says so`() {
        leave(3, in: 3000)
        start()
        let flushed = Mutex<Int?>(nil)
        bench.queue.flush(domain: "a") { result in flushed.withLock { $0 = try? result.get() } }
        bench.loop.runPending()
        #expect(flushed.withLock { $0 } == nil)
        givePage()
        #expect(sent == [1, 2, 3])
        givePage()
        #expect(flushed.withLock { $0 } == 3)
    }

    @Test func `one message is flushed before its page comes`() {
        leave(3, in: 3000)
        start()
        let flushed = Mutex<Int?>(nil)
        bench.queue.carryOut(.flush, on: QueueID(rawValue: 2 << 12), by: "test") { result in flushed.withLock { $0 = try? result.get() } }
        bench.loop.runPending()
        #expect(flushed.withLock { $0 } == 1 && sent == [2])
        givePage()
        givePage()
        #expect(sent == [2])
        bench.loop.advance(by: .seconds(4000))
        #expect(sent.sorted() == [1, 2, 3])
    }

    @Test func `a page that cannot be read is read again, and nobody waits for that`() {
        leave(2)
        bench.store.state.withLock { ($0.holdsPages, $0.pageFailure) = (false, StoreFailure(.unavailable, "a bad sector")) }
        start()
        #expect(bench.queue.loadProgress?.failure == "a bad sector" && bench.log.names == ["unread"])
        bench.put(bench.message(3, "b"))
        #expect(sent == [3])
        bench.store.state.withLock { $0.pageFailure = nil }
        bench.loop.advance(by: DeliveryQueue.readRetry)
        #expect(sent == [3, 1, 2] && (try? taken.withLock { $0 }?.get()) == 2)
    }

    @Test func `a stop waits for the page that is read, and leaves it`() {
        leave(2)
        start()
        let stopped = Mutex(false)
        bench.queue.stop { stopped.withLock { $0 = true } }
        bench.loop.runPending()
        #expect(!stopped.withLock { $0 })
        givePage()
        #expect(stopped.withLock { $0 } && sent == [])
        guard case .failure? = taken.withLock({ $0 }) else { return #expect(Bool(false), "it says that all was taken up") }
    }
}
