import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Queue

/// The queue with scripted next hops: who is tried, what is recorded, what an operator may do.
struct DeliveryQueueTests {
    @Test func `a delivered message, its record, and its bytes from memory`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        let message = bench.put(bench.message(1, "a"))
        #expect(bench.store.states(message) == [.delivered])
        #expect(Array(bench.hops.jobs[0].region.bytes) == Array("body 1".utf8))
        #expect(bench.store.state.withLock { $0.bodyReads } == 0)
        #expect(bench.log.names == ["delivered"])
        let receipt = bench.store.state.withLock { $0.receipts[0] }
        #expect(receipt.kind == "attempt")
        #expect(receipt.json.contains(#""outcome":"delivered","said":"250 2.0.0 taken","dsn":"2.0.0","attempt":1"#))
        #expect(receipt.json.contains(#""next_hop":"hop[127.0.0.1]:25","delays":{"before":0,"queue":0,"connect":0.003,"send":0.004}"#))
        bench.loop.advance(by: .seconds(86400))
        #expect(bench.hops.jobs.count == 1)
    }

    @Test func `the body of a mapped file is read back for the first attempt`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        var message = bench.message(1, "a")
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 6, alignment: 1)
        bytes.copyBytes(from: "body 1".utf8)
        nonisolated(unsafe) let mapping = bytes
        message.region = Region(adopting: UnsafeRawBufferPointer(bytes), memory: 0) { mapping.deallocate() }
        bench.put(message)
        #expect(bench.store.states(message) == [.delivered])
        #expect(bench.store.state.withLock { $0.bodyReads } == 1)
    }

    @Test func `beyond the memory budget the body is read back`() {
        let bench = QueueBench(["a"], memory: 0, hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        let message = bench.put(bench.message(1, "a"))
        #expect(bench.store.states(message) == [.delivered])
        #expect(bench.store.state.withLock { $0.bodyReads } == 1)
    }

    @Test func `copies are grouped by domain and header fields, a hundred at most`() {
        let bench = QueueBench(["a", "b"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        let recipients = [("a", ""), ("b", ""), ("a", "X: 1\r\n"), ("a", "")] + Array(repeating: ("b", ""), count: 150)
        let message = bench.put(bench.message(1, to: recipients))
        let jobs = bench.hops.jobs.map { "\($0.nextHops[0].host) \($0.addedHeaders.utf8.count) \($0.recipients.count)" }
        #expect(Set(jobs) == ["a 0 2", "a 6 1", "b 0 100", "b 0 51"])
        #expect(bench.hops.jobs.flatMap { $0.recipients.map(\.index) }.sorted() == Array(0..<154))
        #expect(bench.store.states(message).allSatisfy { $0 == .delivered })
    }

    @Test func `outbound mail goes the way of its sender's domain, in a line of its own, with its wishes`() {
        let bench = QueueBench(["a"])
        var message = bench.message(1, "a")
        message.role = .outbound
        message.dsn = DSNRequest(returned: .full, envelopeID: "e")
        message.recipients[0].notify = .never
        message.recipients[0].originalRecipient = "rfc822;x@y.example"
        bench.put(message)
        bench.put(bench.message(2, "a"))
        #expect(bench.hops.running.map { "\($0.nextHops[0].host) \($0.queueID.rawValue >> 12)" }.sorted() == ["a 2", "out.a 1"])
        let job = bench.hops.running.first { $0.nextHops[0].host == "out.a" }!
        #expect(job.dsn == message.dsn)
        #expect(job.recipients[0].notify == .never && job.recipients[0].originalRecipient == "rfc822;x@y.example")
        bench.hops.finish("out.a") { _ in .down }
        bench.loop.runPending()
        #expect(bench.store.state.withLock { $0.receipts[0].json }.contains(#""domain":"a","role":"outbound""#))
        // A flush of the domain means both.
        bench.hops.finish("a") { _ in .down }
        bench.loop.runPending()
        bench.queue.flush(domain: "a") { #expect(try! $0.get() == 2) }
        bench.loop.runPending()
        #expect(bench.hops.running.count == 2)
        // Without `outbound` it waits, with that as the reason.
        bench.hops.finish("out.a") { _ in .busy }
        bench.loop.runPending()
        bench.policy.set(["a"], sendsOut: false)
        bench.queue.carryOut(.flush, on: message.queueID, by: "root") { _ in }
        bench.loop.runPending()
        #expect(bench.store.reasons(message) == ["domain a has no `outbound` (any more): no next hop"])
    }

    @Test func `each recipient has its own outcome`() {
        let outcomes: [DeliveryOutcome] = [.ok, .busy, .unknown]
        let bench = QueueBench(["a"], hops: ScriptedHops { job in job.recipients.map { outcomes[$0.index] } })
        let message = bench.put(bench.message(1, "a", "a", "a"))
        #expect(bench.store.states(message) == [.delivered, .queued, .quarantined])
        #expect(bench.store.reasons(message) == ["250 2.0.0 taken", "450 4.2.1 busy", "undeliverable: 550 5.1.1 no such user"])
        #expect(bench.log.names == ["delivered", "deferred", "bounced"])
        // Only the deferred one is tried again, at its time.
        bench.loop.advance(by: .seconds(44))
        #expect(bench.hops.jobs.count == 1)
        bench.loop.advance(by: .seconds(32))
        #expect(bench.hops.jobs.count == 2)
        #expect(bench.hops.jobs[1].recipients.map(\.index) == [1])
        #expect(bench.store.state.withLock { $0.messages[message.queueID]!.recipients[1].attempts } == 2)
    }

    @Test func `past its lifetime a copy goes to quarantine, not away`() {
        var queue = QueuePolicy()
        queue.lifetime = .seconds(3600)
        let bench = QueueBench(["a"], queue: queue, hops: ScriptedHops { $0.recipients.map { _ in .down } })
        let message = bench.put(bench.message(1, "a"))
        bench.loop.advance(by: .seconds(3000))
        #expect(bench.store.states(message) == [.queued])
        bench.loop.advance(by: .seconds(3 * 3600))
        #expect(bench.store.states(message) == [.quarantined])
        #expect(bench.store.reasons(message) == ["undeliverable: not delivered within 3600 s; last: connection refused"])
        let tried = bench.hops.jobs.count
        #expect((5...9).contains(tried))
        bench.loop.advance(by: .seconds(86400))
        #expect(bench.hops.jobs.count == tried)
    }

    @Test func `a dead domain delays no other, and costs no slot`() {
        let bench = QueueBench(["dead", "live"])
        for i in 0..<50 { bench.put(bench.message(i, "dead")) }
        #expect(bench.hops.running.count == 5)
        for i in 100..<110 {
            bench.put(bench.message(i, "live"))
            bench.hops.finish("live")
            bench.loop.runPending()
        }
        #expect(bench.log.names == Array(repeating: "delivered", count: 10))
        for _ in 0..<5 {
            bench.hops.finish("dead") { _ in .down }
            bench.loop.runPending()
        }
        #expect(bench.hops.running.isEmpty)
    }

    @Test func `a removed domain waits with a reason`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        bench.policy.set([])
        let message = bench.put(bench.message(1, "a"))
        #expect(bench.store.states(message) == [.queued])
        #expect(bench.store.reasons(message)[0].contains("domain a is not configured"))
        bench.policy.set(["a"])
        bench.loop.advance(by: .seconds(76))
        #expect(bench.store.states(message) == [.delivered])
    }

    @Test func `an outcome that cannot be recorded is not sent twice`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        bench.store.state.withLock { $0.isFull = true }
        let message = bench.put(bench.message(1, "a"))
        bench.loop.advance(by: .seconds(600))
        #expect(bench.store.states(message) == [.queued])
        #expect(bench.log.names.contains("unrecorded"))
        bench.store.state.withLock { $0.isFull = false }
        bench.loop.advance(by: .seconds(61))
        #expect(bench.store.states(message) == [.delivered])
        #expect(bench.hops.jobs.count == 1)
    }

    @Test func `a body that cannot be read defers`() {
        let bench = QueueBench(["a"], memory: 0)
        var message = bench.message(1, "a")
        message.region = nil
        bench.put(message)
        #expect(bench.store.states(message) == [.queued])
        #expect(bench.store.reasons(message) == ["the body is missing"])
        #expect(bench.hops.jobs.isEmpty)
    }

    @Test func `at start everything is taken up, page by page`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        for i in 1...2500 { bench.store.accept(bench.message(i, "a")) { _ in } }
        bench.store.accept(bench.message(3000, "a", state: .quarantined)) { _ in }
        let count = Mutex<Int?>(nil)
        bench.queue.start { result in count.withLock { $0 = try? result.get() } }
        bench.loop.advance(by: .seconds(1))
        #expect(count.withLock { $0 } == 2500)
        #expect(Set(bench.hops.jobs.map(\.queueID)).count == 2500)
        #expect(bench.hops.jobs.count == 2500)
    }

    @Test func `stop waits for what runs and starts nothing`() {
        let bench = QueueBench(["a"])
        bench.put(bench.message(1, to: [("a", ""), ("a", "X: 1\r\n")]))
        let isStopped = Mutex(false)
        bench.queue.stop { isStopped.withLock { $0 = true } }
        bench.loop.runPending()
        bench.put(bench.message(2, "a"))
        #expect(!isStopped.withLock { $0 })
        bench.hops.finish()
        bench.loop.runPending()
        #expect(isStopped.withLock { $0 })
        #expect(bench.hops.jobs.count == 1)
        #expect(bench.store.states(bench.message(1, "a")) == [.delivered, .queued])
    }

    @Test func `held copies are judged again, and go on from there`() {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .ok } })
        let message = bench.put(bench.message(1, "a", "a", state: .held))
        let (asked, done) = bench.inspections.waiting.withLock { $0.removeFirst() }
        #expect(asked.recipients.count == 2 && asked.region?.count == 6)
        done([
            RecipientChange(queueID: message.queueID, index: 0, state: .queued, attempts: 0, nextAttempt: bench.loop.now, reason: "clean")
        ])
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.delivered, .held])
        #expect(bench.inspections.waiting.withLock { $0.isEmpty })
        // The one without an answer is not forgotten.
        bench.loop.advance(by: .seconds(60))
        #expect(bench.inspections.waiting.withLock { $0.map { $0.message.recipients.map(\.index) } } == [[1]])
    }

    @Test func `held copies past the lifetime go to quarantine unscanned`() {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a", state: .held))
        bench.loop.advance(by: .seconds(16 * 86400))
        bench.inspections.waiting.withLock { $0.removeFirst() }.done([])
        bench.loop.advance(by: .seconds(60))
        #expect(bench.store.states(message) == [.quarantined])
        #expect(bench.hops.jobs.isEmpty)
    }

    @Test func `flush, hold, release, delete`() {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a"))
        let counts = Mutex<[Int]>([])
        let count: DeliveryQueue.Counted = { result in counts.withLock { $0.append((try? result.get()) ?? -1) } }
        bench.hops.finish { _ in .busy }
        bench.loop.runPending()
        bench.queue.flush(domain: "a", completion: count)
        bench.loop.runPending()
        #expect(bench.hops.jobs.count == 2)

        // Held while an attempt is under way: its deferral does not undo that.
        bench.queue.carryOut(.hold, on: message.queueID, by: "root", completion: count)
        bench.loop.runPending()
        bench.hops.finish { _ in .busy }
        bench.loop.advance(by: .seconds(86400))
        #expect(bench.store.states(message) == [.quarantined])
        #expect(bench.store.reasons(message) == ["held by root"])
        #expect(bench.hops.jobs.count == 2)

        bench.queue.carryOut(.release, on: message.queueID, by: "root", completion: count)
        bench.loop.runPending()
        #expect(bench.hops.running.count == 1)
        bench.hops.finish { _ in .busy }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.queued])

        bench.queue.carryOut(.delete, on: message.queueID, by: "root", completion: count)
        bench.loop.advance(by: .seconds(86400))
        #expect(bench.store.states(message) == [.deleted])
        bench.queue.carryOut(.release, on: message.queueID, by: "root", completion: count)
        bench.loop.runPending()
        #expect(counts.withLock { $0 } == [1, 1, 1, 1, 0])
        #expect(bench.hops.jobs.count == 3)
        #expect(bench.store.state.withLock { $0.receipts.map(\.kind) } == ["attempt", "held", "attempt", "released", "attempt", "deleted"])
    }

    @Test func `a copy that was put on hold after its attempt began stays there`() {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a", "a"))
        for copy in [0, 1] {
            let held = RecipientChange(
                queueID: message.queueID, index: copy, state: .quarantined, attempts: 0, nextAttempt: bench.loop.now, reason: "held by root"
            )
            bench.store.change([held]) { _ in }
        }
        bench.hops.finish { $0 == 0 ? .busy : .ok }
        bench.loop.advance(by: .seconds(86400))
        // Delivered is delivered, whoever wanted to keep it.
        #expect(bench.store.states(message) == [.quarantined, .delivered])
        #expect(bench.store.reasons(message)[0] == "held by root")
        #expect(bench.hops.jobs.count == 1)
    }

    @Test(arguments: [QueueOperation.hold, .release], [RecipientState.held, .discarded, .quarantined])
    func `what an operator does while a copy is judged again stands`(operation: QueueOperation, verdict: RecipientState) {
        let bench = QueueBench(["a"])
        let message = bench.put(bench.message(1, "a", state: .held))
        let (_, done) = bench.inspections.waiting.withLock { $0.removeFirst() }
        bench.queue.carryOut(operation, on: message.queueID, by: "root") { _ in }
        bench.loop.runPending()
        let change = RecipientChange(
            queueID: message.queueID, index: 0, state: verdict, attempts: 0, nextAttempt: bench.loop.now, reason: "judged")
        done([change])
        bench.loop.runPending()
        if operation == .hold {
            #expect(bench.store.states(message) == [.quarantined] && bench.store.reasons(message) == ["held by root"])
        } else {
            bench.hops.finish()
            bench.loop.runPending()
            #expect(bench.store.states(message) == [.delivered])
        }
    }

    @Test func `a copy released while another one is deleted is delivered`() {
        let bench = QueueBench(["a"])
        var message = bench.message(1, "a", "a")
        message.recipients[1].state = .quarantined
        bench.put(message)
        bench.hops.finish { _ in .busy }
        bench.loop.runPending()
        // Read before the release, and carried out after it.
        let stale = DeliveryQueue.Selection(message, indices: [0])
        bench.queue.carryOut(.release, on: message.queueID, by: "root") { _ in }
        bench.queue.carryOut(.delete, on: [stale], by: "root") { _ in }
        bench.loop.runPending()
        bench.loop.advance(by: .seconds(3600))
        while !bench.hops.running.isEmpty { bench.hops.finish() }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.deleted, .delivered])
    }
}
