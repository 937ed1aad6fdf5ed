import Mail
import Synchronization
import Testing

@testable import Queue

/// What the queue tells of: what is final, and only once it is committed.
struct OutcomeTests {
    final class Observer: OutcomeObserver {
        private let told = Mutex<[(OutcomeRecord, StoredRecipient)]>([])
        func observe(_ record: OutcomeRecord, of copy: StoredRecipient, in message: StoredMessage) {
            told.withLock { $0.append((record, copy)) }
        }
        var records: [OutcomeRecord] { told.withLock { $0.map(\.0) } }
        var lines: [String] { told.withLock { $0.map { "\($0.1.index) \($0.0.kind) \($0.0.attempts) \($0.0.status)" } } }
    }

    @Test func `each copy once, with what was said, and none that is deferred`() {
        let observer = Observer()
        let bench = QueueBench(["a"], outcomes: observer)
        bench.put(bench.message(1, "a", "a", "a"))
        bench.hops.finish { [.ok, .unknown, .busy][$0] }
        bench.loop.runPending()
        #expect(observer.lines == ["0 delivered 1 2.0.0", "1 bounced 1 5.1.1"])
        #expect(observer.records[0].text == "250 2.0.0 taken" && observer.records[0].nextHop == "hop[127.0.0.1]:25")
        #expect(observer.records[1].text == "550 5.1.1 no such user")
        bench.loop.advance(by: .seconds(3600))
        bench.hops.finish { _ in .ok }
        bench.loop.runPending()
        #expect(observer.lines.last == "2 delivered 2 2.0.0" && observer.lines.count == 3)
    }

    @Test func `only what is committed`() {
        let observer = Observer()
        let bench = QueueBench(["a"], outcomes: observer)
        bench.put(bench.message(1, "a"))
        bench.store.state.withLock { $0.isFull = true }
        bench.hops.finish { _ in .ok }
        bench.loop.runPending()
        #expect(observer.lines.isEmpty)
        bench.store.state.withLock { $0.isFull = false }
        bench.loop.advance(by: .seconds(120))
        #expect(observer.lines == ["0 delivered 1 2.0.0"])
    }

    @Test func `past its lifetime it has expired`() {
        let observer = Observer()
        var policy = QueuePolicy()
        policy.lifetime = .seconds(3600)
        let bench = QueueBench(["a"], queue: policy, hops: ScriptedHops { $0.recipients.map { _ in .busy } }, outcomes: observer)
        bench.put(bench.message(1, "a"))
        bench.put(bench.message(2, "a", state: .held))
        bench.loop.advance(by: .seconds(86400))
        #expect(observer.records.filter { $0.kind == .expired && $0.attempts > 0 }.count == 1)
        #expect(observer.records.allSatisfy { $0.kind == .expired })
    }

    @Test func `what somebody releases and deletes`() {
        let observer = Observer()
        let bench = QueueBench(["a"], outcomes: observer)
        let message = bench.put(bench.message(1, "a", "a", state: .quarantined))
        bench.queue.carryOut(.release, on: message.queueID, by: "anna") { _ in }
        bench.loop.runPending()
        #expect(observer.lines == ["0 released 0 ", "1 released 0 "])
        #expect(observer.records[0].text == "released by anna")
        bench.queue.carryOut(.hold, on: message.queueID, by: "anna") { _ in }
        bench.loop.runPending()
        bench.queue.carryOut(.delete, on: message.queueID, by: "anna") { _ in }
        bench.loop.runPending()
        #expect(observer.lines.filter { $0.contains("deleted") }.count == 2)
    }
}
