import Foundation
import GRDB
import Mail
import Synchronization
import Testing

@testable import Store

/// What is kept, for how long, and what is there after a restart.
struct KeepingTests {
    let folder = StoreFolder()

    @Test(arguments: [0, 1, 4096, 256 << 10, (256 << 10) + 1, 3 << 20])
    func `a message is the same after a restart`(bytes: Int) async throws {
        let message = sample(7, bytes: bytes, states: [.queued, .held, .quarantined])
        var store = try folder.open()
        try await store.accept(message)
        store.close()
        store = try folder.open()
        let found = try #require(try await store.message(message.queueID))
        #expect(found.recipients == message.recipients)
        #expect(found.receivedAt == message.receivedAt)
        #expect(found.reversePath == message.reversePath)
        #expect(found.is8BitMIME && !found.isSMTPUTF8)
        #expect(found.sessionJSON == message.sessionJSON)
        #expect(found.size == bytes && found.region == nil)
        #expect(try await store.body(of: message.queueID) == body(7, count: bytes))
        #expect(folder.files("bodies").isEmpty == (bytes <= 256 << 10))
        store.close()
    }

    @Test func `the null reverse-path and addresses without a domain come back`() async throws {
        let store = try folder.open()
        var message = sample(1)
        message.reversePath = .null
        message.recipients[0].address = EmailAddress(localPart: "postmaster", domain: "")
        try await store.accept(message)
        let found = try #require(try await store.message(message.queueID))
        #expect(found.reversePath == .null)
        #expect(found.recipients == message.recipients)
        store.close()
    }

    @Test func `queue.db is synced on each commit`() throws {
        let store = try folder.open()
        let (level, mode) = try store.queuePool.writeWithoutTransaction { db in
            (try Int.fetchOne(db, sql: "PRAGMA synchronous"), try String.fetchOne(db, sql: "PRAGMA journal_mode"))
        }
        #expect(level == 2 && mode == "wal")
        store.close()
    }

    @Test func `a change for one state leaves copies in others alone`() async throws {
        let store = try folder.open()
        let message = sample(9, bytes: 100, states: [.queued, .held, .quarantined])
        try await store.accept(message)
        func alter(_ copy: Int, _ state: RecipientState, from: RecipientState) async throws {
            var change = change(message, copy, state)
            change.from = from
            try await store.change([change])
        }
        try await alter(0, .deleted, from: .held)
        try await alter(1, .quarantined, from: .queued)
        try await alter(2, .queued, from: .queued)
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.queued, .held, .quarantined])
        try await alter(0, .quarantined, from: .queued)
        try await alter(1, .queued, from: .held)
        try await alter(2, .held, from: .quarantined)
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.quarantined, .queued, .held])
        store.close()
    }

    @Test(arguments: [100, 300 << 10]) func `the last final copy takes the message with it`(bytes: Int) async throws {
        let store = try folder.open()
        let message = sample(3, bytes: bytes, states: [.queued, .queued])
        try await store.accept(message)
        store.append(Receipt(queueID: message.queueID, time: folder.clock.now, kind: "attempt", json: #"{"said":"250 ok"}"#))
        try await store.change([change(message, 0, .delivered)])
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.delivered, .queued])
        #expect(try await store.body(of: message.queueID).count == bytes)

        // A final copy stays as it is.
        try await store.change([change(message, 0, .queued)])
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.delivered, .queued])

        try await store.change([change(message, 1, .deleted)])
        #expect(try await store.message(message.queueID) == nil)
        await #expect(throws: StoreFailure.self) { try await store.body(of: message.queueID) }
        #expect(store.counts == [:])
        #expect(try await store.receipts(of: message.queueID).map(\.json) == [#"{"said":"250 ok"}"#])
        // Nor does a late change bring it back.
        try await store.change([change(message, 1, .queued)])
        #expect(try await store.message(message.queueID) == nil)
        store.close()
        #expect(folder.files("bodies") == [])
    }

    /// All that MAIL and RCPT may ask of DSNs, on an outbound message.
    static var outbound: StoredMessage {
        var message = sample(11, states: [.queued, .queued, .queued, .quarantined])
        message.role = .outbound
        message.dsn = DSNRequest(returned: .headers, envelopeID: "QQ+314")
        message.recipients[0].notify = .never
        message.recipients[1].notify = [.success, .delay]
        message.recipients[1].originalRecipient = "rfc822;Bob+2B@example.com"
        return message
    }

    @Test func `role and DSN wishes are the same after a restart`() async throws {
        var store = try folder.open()
        try await store.accept(Self.outbound)
        var full = sample(12)
        full.dsn.returned = .full
        try await store.accept(full)
        store.close()
        store = try folder.open()
        let found = try #require(try await store.message(Self.outbound.queueID))
        #expect(found.role == .outbound && found.dsn == Self.outbound.dsn)
        #expect(found.recipients == Self.outbound.recipients)
        let other = try #require(try await store.message(full.queueID))
        #expect(other.role == .inbound && other.dsn == DSNRequest(returned: .full))
        store.close()
    }

    @Test func `changes are kept`() async throws {
        var store = try folder.open()
        let message = sample(3, states: [.held, .queued])
        try await store.accept(message)
        var first = change(message, 0, .queued)
        first.addedHeaders = "X-New: 1\r\n"
        try await store.change([first, change(message, 1, .quarantined)])
        store.close()
        store = try folder.open()
        let copies = try #require(try await store.message(message.queueID)).recipients
        #expect(copies.map(\.state) == [.queued, .quarantined])
        #expect(copies.map(\.addedHeaders) == ["X-New: 1\r\n", "X-Place: 1\r\n"])
        #expect(copies.map(\.attempts) == [1, 1])
        #expect(copies.map(\.reason) == ["changed", "changed"])
        #expect(copies[0].nextAttempt == Timestamp(seconds: 1_800_000_060))
        store.close()
    }

    @Test func `messages are listed in order, page by page, and counted`() async throws {
        let store = try folder.open()
        let states: [[RecipientState]] = [[.queued], [.held], [.quarantined, .queued], [.quarantined], [.queued, .queued]]
        for (i, state) in states.enumerated().reversed() { try await store.accept(sample(i + 1, states: state)) }
        func numbers(_ states: Set<RecipientState>, after: Int? = nil, limit: Int = 10) async throws -> [Int64] {
            let after = after.map { QueueID(rawValue: Int64($0) << 12) }
            return try await store.messages(in: states, after: after, limit: limit).map { $0.queueID.rawValue >> 12 }
        }
        #expect(try await numbers([.queued]) == [1, 3, 5])
        #expect(try await numbers([.quarantined]) == [3, 4])
        #expect(try await numbers([.queued, .held]) == [1, 2, 3, 5])
        #expect(try await numbers([.queued, .held], limit: 2) == [1, 2])
        #expect(try await numbers([.queued, .held], after: 2, limit: 2) == [3, 5])
        #expect(try await numbers([.delivered]) == [])
        #expect(store.counts == [.queued: 4, .held: 1, .quarantined: 2])
        store.close()
    }

    @Test func `what waits is listed copy by copy, page by page`() async throws {
        var store = try folder.open()
        let states: [[RecipientState]] = [[.queued, .held, .quarantined], [.quarantined], [.held], [.queued, .queued, .queued]]
        for (i, state) in states.enumerated() { try await store.accept(sample(i + 1, states: state)) }
        var outbound = sample(5, states: [.queued, .queued])
        outbound.role = .outbound
        outbound.recipients[1].reversePath = .null
        try await store.accept(outbound)
        try await store.change([change(sample(4), 1, .delivered)])
        let expected = ["1.0", "1.1 held", "3.0 held", "4.0", "4.2", "5.0 out", "5.1 out redirected"]
        for round in 1...2 {
            for limit in 1...8 {
                var found: [WaitingCopy] = []
                while true {
                    let page = try await store.waiting(after: found.last, limit: limit)
                    if page.isEmpty { break }
                    found += page
                }
                let words = found.map { copy in
                    "\(copy.queueID.rawValue >> 12).\(copy.index)" + (copy.role == .outbound ? " out" : "") + (copy.isHeld ? " held" : "")
                        + (copy.isRedirected ? " redirected" : "")
                }
                #expect(words == expected, "round \(round), pages of \(limit)")
                #expect(found.allSatisfy { $0.policyDomain == "example.com" && $0.addressDomain == "example.com" })
                #expect(found[0].nextAttempt == Timestamp(seconds: 1_800_000_000))
            }
            store.close()
            store = try folder.open()
        }
        store.close()
    }

    @Test func `the highest queue ID outlives its message`() async throws {
        var store = try folder.open()
        #expect(store.highestQueueID == QueueID(rawValue: 0))
        let message = sample(900)
        try await store.accept(message)
        try await store.change([change(message, 0, .delivered)])
        store.close()
        store = try folder.open()
        #expect(store.highestQueueID == message.queueID)
        // One that was refused has but a receipt.
        store.append(Receipt(queueID: QueueID(rawValue: 901 << 12), time: folder.clock.now, kind: "inspected", json: "{}"))
        store.close()
        store = try folder.open()
        #expect(store.highestQueueID == QueueID(rawValue: 901 << 12))
        store.close()
    }

    @Test func `body files without a row are removed at start, those with one stay`() async throws {
        var store = try folder.open()
        let message = sample(5, bytes: 300 << 10)
        try await store.accept(message)
        store.close()
        let orphan = "\(folder.path)/bodies/\(QueueID(rawValue: 6 << 12))"
        #expect(FileManager.default.createFile(atPath: orphan, contents: Data([1, 2, 3])))
        store = try folder.open()
        #expect(try await store.body(of: message.queueID) == body(5, count: 300 << 10))
        store.close()
        #expect(folder.files("bodies") == ["\(message.queueID)"])
    }

    @Test func `receipts come in order, at once, and after a restart`() async throws {
        var store = try folder.open()
        for i in 0..<2500 {
            let id = QueueID(rawValue: Int64(i % 2) << 12)
            store.append(Receipt(queueID: id, time: folder.clock.now, kind: "k\(i)", json: "{}"))
        }
        let id = QueueID(rawValue: 1 << 12)
        let expected = stride(from: 1, to: 2500, by: 2).map { "k\($0)" }
        #expect(try await store.receipts(of: id).map(\.kind) == expected)
        store.close()
        store = try folder.open()
        #expect(try await store.receipts(of: id).map(\.kind) == expected)
        store.close()
    }

    @Test func `old receipts are pruned, new ones are not`() async throws {
        let store = try folder.open()
        let old = QueueID(rawValue: 1 << 12), new = QueueID(rawValue: 2 << 12)
        for _ in 0..<1500 { store.append(Receipt(queueID: old, time: folder.clock.now, kind: "old", json: "{}")) }
        #expect(try await store.receipts(of: old).count == 1500)
        folder.clock.advance(by: .seconds(31 * 86400))
        store.append(Receipt(queueID: new, time: folder.clock.now, kind: "new", json: "{}"))
        // Each flush removes a bounded piece.
        #expect(try await store.receipts(of: old).count == 500)
        store.append(Receipt(queueID: new, time: folder.clock.now, kind: "new", json: "{}"))
        #expect(try await store.receipts(of: old).count == 0)
        #expect(try await store.receipts(of: new).count == 2)
        store.close()
    }
}
