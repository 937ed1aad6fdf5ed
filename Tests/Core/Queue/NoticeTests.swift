import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Queue

/// Who is told what: DSNs made by the queue, and what becomes of copies about which nobody may be told.
struct NoticeTests {
    private static let refuses: @Sendable (DeliveryJob) -> [DeliveryOutcome]? = { job in
        job.nextHops.first?.host.hasPrefix("out.") == true ? job.recipients.map { _ in .unknown } : nil
    }

    /// Outbound mail of s@a to `count` strangers.
    private func message(_ bench: QueueBench, _ number: Int = 1, to count: Int = 1) -> StoredMessage {
        var message = bench.message(number, to: Array(repeating: ("a", ""), count: count))
        message.role = .outbound
        message.reversePath = .address(EmailAddress(localPart: "s", domain: "a"))
        message.isSenderAuthenticated = true
        return message
    }

    private func text(_ job: DeliveryJob) -> String { String(decoding: job.region.bytes, as: UTF8.self) }

    @Test func `a refusal goes back to the sender's own servers, and the copy is bounced`() throws {
        let bench = QueueBench(["a"], hops: ScriptedHops(Self.refuses))
        let message = bench.put(message(bench, to: 2))
        #expect(bench.store.states(message) == [.bounced, .bounced])
        // One for both, by way of the domain's own next hop.
        let job = try #require(bench.hops.running.first)
        #expect(bench.hops.running.count == 1)
        #expect(job.nextHops[0].host == "a" && job.reversePath == .null)
        #expect(job.recipients.map(\.address.description) == ["s@a"] && job.recipients[0].notify == .never)
        #expect(text(job).contains("Final-Recipient: rfc822; r0@a\r\nAction: failed\r\nStatus: 5.1.1\r\n"))
        #expect(text(job).contains("Final-Recipient: rfc822; r1@a\r\n"))
        #expect(text(job).contains("\r\n\r\nbody 1\r\n--"))
        #expect(bench.log.names == ["bounced", "bounced", "dsn"])
        let receipts = bench.store.state.withLock { $0.receipts }
        #expect(receipts.map(\.kind) == ["attempt", "dsn", "dsn"])
        #expect(receipts[1].queueID == message.queueID && receipts[1].json.contains(#""sent_as":"\#(job.queueID)""#))
        #expect(receipts[2].queueID == job.queueID && receipts[2].json.contains(#""about":"\#(message.queueID)""#))
        bench.hops.finish()
        bench.loop.runPending()
        #expect(bench.store.state.withLock { $0.messages[job.queueID]!.recipients[0].state } == .delivered)
    }

    @Test func `a sender whose domain is gone gets it by its address`() throws {
        let bench = QueueBench(["a"], hops: ScriptedHops(Self.refuses))
        var message = message(bench)
        message.reversePath = .address(EmailAddress(localPart: "s", domain: "elsewhere"))
        bench.put(message)
        let found = bench.store.state.withLock { state in state.messages.values.first { $0.queueID != message.queueID } }
        let notice = try #require(found)
        #expect(notice.recipients[0].address.domain == "elsewhere" && notice.recipients[0].reversePath == .null)
        #expect(bench.hops.running.map(\.route) == [.mx("elsewhere", tls: .opportunistic)])
    }

    @Test func `who asked for nothing gets nothing`() throws {
        let bench = QueueBench(["a"], hops: ScriptedHops(Self.refuses))
        var message = message(bench, to: 3)
        message.recipients[0].notify = .never
        message.recipients[1].notify = .success
        message.recipients[2].notify = [.failure]
        bench.put(message)
        #expect(bench.store.states(message) == [.bounced, .bounced, .bounced])
        try #require(bench.hops.running.count == 1)
        #expect(text(bench.hops.running[0]).components("Final-Recipient:") == 1)
        #expect(text(bench.hops.running[0]).contains("Final-Recipient: rfc822; r2@a"))
    }

    @Test func `a reverse-path that nobody has proven, or a null one, gets nothing: quarantine`() {
        let bench = QueueBench(["a"], hops: ScriptedHops(Self.refuses))
        var forged = message(bench, 1)
        forged.isSenderAuthenticated = false
        bench.put(forged)
        var null = message(bench, 2)
        null.reversePath = .null
        bench.put(null)
        for message in [forged, null] {
            #expect(bench.store.states(message) == [.quarantined])
            #expect(bench.store.reasons(message) == ["undeliverable: 550 5.1.1 no such user"])
        }
        #expect(bench.hops.running.isEmpty && bench.log.names == ["bounced", "bounced"])
    }

    @Test func `nothing is told about what cannot be told: no DSN about a DSN`() throws {
        let bench = QueueBench(["a"], hops: ScriptedHops { $0.recipients.map { _ in .unknown } })
        let message = bench.put(message(bench))
        #expect(bench.store.states(message) == [.bounced])
        let all = bench.store.state.withLock { $0.messages }
        #expect(all.count == 2)
        let notice = try #require(all.values.first { $0.queueID != message.queueID })
        #expect(notice.recipients.map(\.state) == [.quarantined])
        #expect(notice.recipients[0].reason == "undeliverable: 550 5.1.1 no such user")
    }

    @Test func `nothing is told of a copy that an operator has deleted meanwhile`() throws {
        let bench = QueueBench(["a"])
        let message = bench.put(message(bench, to: 2))
        bench.store.state.withLock { $0.messages[message.queueID]!.recipients[1].state = .deleted }
        bench.hops.finish { _ in .unknown }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.bounced, .deleted])
        // It tells of the other one alone.
        try #require(bench.hops.running.count == 1)
        #expect(text(bench.hops.running[0]).components("Final-Recipient:") == 1)
        #expect(text(bench.hops.running[0]).contains("Final-Recipient: rfc822; r0@a"))
    }

    @Test func `no DSN at all when all that it would tell of is void`() {
        let bench = QueueBench(["a"])
        let message = bench.put(message(bench))
        bench.store.state.withLock { $0.messages[message.queueID]!.recipients[0].state = .deleted }
        bench.hops.finish { _ in .unknown }
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.deleted])
        #expect(bench.store.state.withLock { $0.messages.count } == 1 && !bench.log.names.contains("dsn"))
        // The attempt is over.
        bench.put(self.message(bench, 2))
        #expect(bench.hops.running.count == 1)
    }

    @Test func `a late message is told of once, and at its end once more`() throws {
        var queue = QueuePolicy()
        queue.delayWarning = .seconds(3600)
        queue.lifetime = .seconds(6 * 3600)
        let bench = QueueBench(
            ["a"], queue: queue,
            hops: ScriptedHops { job in job.recipients.map { _ in job.nextHops[0].host == "a" ? .ok : .down } })
        var message = message(bench, to: 2)
        message.recipients[1].notify = .failure
        bench.put(message)
        bench.loop.advance(by: .seconds(3000))
        #expect(!bench.log.names.contains("dsn"))
        bench.loop.advance(by: .seconds(4 * 3600))
        let told = bench.hops.jobs.filter { $0.nextHops[0].host == "a" }
        try #require(told.count == 1, "\(told.count)")
        #expect(text(told[0]).contains("Subject: Your message is delayed\r\n"))
        #expect(text(told[0]).contains("Final-Recipient: rfc822; r0@a\r\nAction: delayed\r\nStatus: 4.4.1\r\n"))
        #expect(text(told[0]).contains("Will-Retry-Until: ") && !text(told[0]).contains("r1@a"))
        #expect(bench.store.states(message) == [.queued, .queued])
        bench.loop.advance(by: .seconds(6 * 3600))
        #expect(bench.store.states(message) == [.expired, .expired])
        let all = bench.hops.jobs.filter { $0.nextHops[0].host == "a" }
        try #require(all.count == 2)
        #expect(text(all[1]).contains("r0@a\r\nAction: failed\r\n") && text(all[1]).contains("r1@a\r\nAction: failed\r\n"))
    }

    @Test(arguments: [(false, false, "relayed"), (false, true, "delivered"), (true, false, nil)] as [(Bool, Bool, String?)])
    func `success is told where it was asked for and nobody else will`(passes: Bool, isLMTP: Bool, action: String?) {
        let bench = QueueBench(["a"], hops: ScriptedHops { job in job.recipients.map { _ in .ok } })
        bench.hops.are(passingDSN: passes, lmtp: isLMTP)
        var message = message(bench, to: 2)
        message.recipients[0].notify = [.success, .failure]
        bench.put(message)
        let told = bench.hops.jobs.filter { $0.nextHops[0].host == "a" }
        #expect(told.map { text($0).contains("r0@a\r\nAction: \(action ?? "")\r\nStatus: 2.0.0\r\n") } == (action == nil ? [] : [true]))
        #expect(bench.store.states(message) == [.delivered, .delivered])
    }

    @Test func `a DSN and what it tells of are committed together`() {
        let bench = QueueBench(["a"], hops: ScriptedHops(Self.refuses))
        bench.store.state.withLock { $0.isFull = true }
        let message = bench.put(message(bench))
        bench.loop.advance(by: .seconds(10))
        #expect(bench.store.states(message) == [.queued])
        #expect(bench.store.state.withLock { $0.messages.count } == 1 && !bench.log.names.contains("dsn"))
        bench.store.state.withLock { $0.isFull = false }
        bench.loop.advance(by: .seconds(60))
        #expect(bench.store.states(message) == [.bounced])
        #expect(bench.hops.running.count == 1)
        #expect(bench.hops.jobs.count == 2)
    }

    @Test func `of many recipients several DSNs tell, all of them once`() throws {
        let bench = QueueBench(["a"])
        var message = message(bench, to: 250)
        for i in message.recipients.indices { message.recipients[i].state = .held }
        bench.put(message)
        bench.loop.advance(by: .seconds(16 * 86400))
        bench.inspections.waiting.withLock { $0.removeFirst() }.done([])
        bench.loop.advance(by: .seconds(60))
        #expect(bench.store.states(message).allSatisfy { $0 == .expired })
        let texts = bench.hops.running.map(text)
        #expect(texts.map { $0.components("Final-Recipient:") }.sorted() == [50, 100, 100])
        let named = texts.flatMap { text in text.matches(of: #/Final-Recipient: rfc822; (r\d+@a)\r\n/#).map { String($0.1) } }
        #expect(Set(named).count == 250)
        #expect(bench.log.names.filter { $0 == "dsn" }.count == 3)
        #expect(Set(bench.hops.running.map(\.queueID)).count == 3)
    }

    @Test func `what another inspection refuses is told of like any failure`() throws {
        let bench = QueueBench(["a"])
        var message = message(bench, to: 3)
        for i in message.recipients.indices { message.recipients[i].state = .held }
        message.recipients[1].notify = .never
        bench.put(message)
        bench.loop.advance(by: .seconds(120))
        let inspection = bench.inspections.waiting.withLock { $0.removeFirst() }
        inspection.done(
            (0..<3).map { index in
                var change = RecipientChange(
                    queueID: message.queueID, index: index, state: index == 2 ? .quarantined : .bounced, attempts: 0,
                    nextAttempt: bench.loop.now, reason: "rejected after it was held: a virus filter's own words")
                if index < 2 { change.refusal = Reply(.refused, "Not wanted here") }
                return change
            })
        bench.loop.runPending()
        #expect(bench.store.states(message) == [.bounced, .bounced, .quarantined])
        #expect(bench.log.names == ["bounced", "bounced", "dsn"])
        try #require(bench.hops.running.count == 1)
        let told = text(bench.hops.running[0])
        #expect(told.contains("r0@a\r\nAction: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp; 550 5.7.1 Not wanted here\r\n"))
        // What the filters said is for the log and the operator.
        #expect(told.components("Final-Recipient:") == 1 && !told.contains("own words") && told.contains("\r\n\r\nbody 1\r\n"))
    }

    @Test func `a sender whose mailbox redirects is told where it goes`() throws {
        let bench = QueueBench(["a"], hops: ScriptedHops(Self.refuses)) { copy, _ in
            var far = copy
            far.address = EmailAddress(localPart: "far", domain: "world")
            far.reversePath = .null
            return [far]
        }
        bench.put(message(bench))
        try #require(bench.hops.running.count == 1)
        #expect(bench.hops.running[0].route == .mx("world", tls: .opportunistic))
        #expect(bench.hops.running[0].recipients.map(\.address.description) == ["far@world"])
    }

    @Test func `what could never be judged is told of too`() throws {
        let bench = QueueBench(["a"])
        var message = message(bench, to: 2)
        for i in 0..<2 { message.recipients[i].state = .held }
        message.recipients[1].notify = .never
        bench.put(message)
        bench.loop.advance(by: .seconds(16 * 86400))
        bench.inspections.waiting.withLock { $0.removeFirst() }.done([])
        bench.loop.advance(by: .seconds(60))
        #expect(bench.store.states(message) == [.expired, .expired])
        try #require(bench.hops.running.count == 1)
        #expect(text(bench.hops.running[0]).contains("r0@a\r\nAction: failed\r\nStatus: 4.4.7\r\n"))
        #expect(!text(bench.hops.running[0]).contains("r1@a"))
    }
}

extension String {
    /// How often `word` occurs.
    fileprivate func components(_ word: String) -> Int { split(separator: word, omittingEmptySubsequences: false).count - 1 }
}
