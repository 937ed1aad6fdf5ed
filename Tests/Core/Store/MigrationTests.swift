import Foundation
import GRDB
import Mail
import Testing

@testable import Store

/// Files of older versions are taken over whole; what cannot be is left as it was.
struct MigrationTests {
    let folder = StoreFolder()

    /// Version 1 as it was released.
    static let version1 = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO meta VALUES ('highest', 28672);
        CREATE TABLE message (
            id INTEGER PRIMARY KEY, received INTEGER NOT NULL, reverse_path TEXT NOT NULL, flags INTEGER NOT NULL,
            session TEXT NOT NULL, size INTEGER NOT NULL, body BLOB);
        CREATE TABLE recipient (
            message INTEGER NOT NULL, place INTEGER NOT NULL, address TEXT NOT NULL, domain TEXT NOT NULL, state INTEGER NOT NULL,
            headers TEXT NOT NULL, reason TEXT NOT NULL, score REAL NOT NULL, attempts INTEGER NOT NULL,
            next_attempt INTEGER NOT NULL, PRIMARY KEY (message, place)) WITHOUT ROWID;
        CREATE INDEX held ON recipient (message) WHERE state = 2;
        CREATE INDEX quarantined ON recipient (message) WHERE state = 3;
        INSERT INTO message VALUES (28672, 1800000007000000, 'sender@example.net', 3, '{"helo":"client"}', 5, x'68656c6c6f');
        INSERT INTO recipient VALUES (28672, 0, 'r0@example.com', 'example.com', 1, 'X: 0' || char(13, 10), 'because', 1.5, 2, 1800000000000000);
        INSERT INTO recipient VALUES (28672, 1, 'r1@example.com', 'example.com', 3, '', 'spam', 9, 0, 1800000000000000);
        PRAGMA user_version = 1;
        """

    private func write(_ sql: String) throws {
        let queue = try DatabaseQueue(path: folder.path + "/queue.db")
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func `a file of version 1 is taken over whole`() async throws {
        try write(Self.version1)
        for round in 1...2 {
            let store = try folder.open()
            let id = QueueID(rawValue: 28672)
            let found = try #require(try await store.message(id), "round \(round)")
            #expect(found.is8BitMIME && found.isSMTPUTF8 && found.role == .inbound && found.dsn == DSNRequest())
            #expect(found.reversePath.description == "sender@example.net")
            #expect(found.receivedAt == Timestamp(seconds: 1_800_000_007))
            #expect(found.recipients.map(\.address.description) == ["r0@example.com", "r1@example.com"])
            #expect(found.recipients.map(\.state) == [.queued, .quarantined])
            #expect(found.recipients.map(\.addedHeaders) == ["X: 0\r\n", ""])
            #expect(found.recipients.map(\.attempts) == [2, 0])
            #expect(found.recipients.allSatisfy { $0.notify == nil && $0.originalRecipient == nil })
            #expect(try await store.body(of: id) == Array("hello".utf8))
            #expect(try await store.messages(in: [.quarantined]).count == round)
            #expect(store.highestQueueID == (round == 1 ? id : KeepingTests.outbound.queueID))
            // And it takes what only the new version knows.
            if round == 1 { try await store.accept(KeepingTests.outbound) }
            #expect(try await store.message(KeepingTests.outbound.queueID)?.dsn.envelopeID == "QQ+314")
            store.close()
        }
    }

    @Test func `quarantined copies get their own file, also when it is cut off in between`() async throws {
        try write(Self.version1)
        let old = folder.copy()
        let id = QueueID(rawValue: 28672)
        let first = try folder.open()
        #expect(first.counts == [.queued: 1, .quarantined: 1])
        first.close()
        // As if the removal from queue.db had never come to the disk.
        for name in ["queue.db", "queue.db-wal", "queue.db-shm"] { try? FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }
        try FileManager.default.copyItem(atPath: old.path + "/queue.db", toPath: folder.path + "/queue.db")
        for _ in 1...2 {
            let store = try folder.open()
            #expect(try await store.message(id)?.recipients.map(\.state) == [.queued, .quarantined])
            #expect(store.counts == [.queued: 1, .quarantined: 1])
            #expect(try await store.body(of: id) == Array("hello".utf8))
            store.close()
        }
        let queue = try DatabaseQueue(path: folder.path + "/queue.db")
        #expect(try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM recipient WHERE state = 3") } == 0)
        try queue.close()
        let store = try folder.open()
        try await store.change([RecipientChange(queueID: id, index: 1, state: .deleted, attempts: 0, nextAttempt: .distantPast, reason: "")]
        )
        #expect(try await store.message(id)?.recipients.map(\.state) == [.queued])
        store.close()
    }

    @Test func `a damaged file of version 1 is refused and left alone`() throws {
        try write(Self.version1 + "; DROP TABLE recipient;")
        #expect(folder.refusal()?.text.contains("missing: held, quarantined, recipient") == true)
        let queue = try DatabaseQueue(path: folder.path + "/queue.db")
        #expect(try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == 1)
        try queue.close()
    }

    /// The new table is the same however it came to be: `body` last, so that reading the rest touches none of its pages.
    @Test func `both ways lead to the same tables`() throws {
        try write(Self.version1)
        try folder.open().close()
        let fresh = StoreFolder()
        try fresh.open().close()
        let tables = try [folder, fresh].map { folder in
            let queue = try DatabaseQueue(path: folder.path + "/queue.db")
            return try queue.read { db in
                try ["message", "recipient"].map { try String.fetchAll(db, sql: "SELECT name || type FROM pragma_table_info('\($0)')") }
            }
        }
        #expect(tables[0] == tables[1])
        #expect(tables[0][0].last == "bodyBLOB")
    }
}
