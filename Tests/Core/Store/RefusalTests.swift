import Foundation
import GRDB
import Mail
import Testing

@testable import Store

/// What a store does not open, and what it says about it.
struct RefusalTests {
    let folder = StoreFolder()
    var database: String { folder.path + "/queue.db" }

    /// A folder with some mail, closed.
    private func fill() async throws {
        let store = try folder.open()
        for i in 1...50 { try await store.accept(sample(i, bytes: 10_000)) }
        store.close()
    }

    private func overwrite(_ path: String, at offset: UInt64, count: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data(repeating: 0xA5, count: count))
        try file.close()
    }

    @Test func `a folder in use names the owner's pid`() throws {
        let store = try folder.open()
        let refusal = try #require(folder.refusal())
        #expect(refusal.text.contains("pid \(getpid())") && refusal.text.contains(folder.path))
        store.close()
    }

    @Test func `the lock goes with the store`() throws {
        do { try folder.open().close() }
        #expect(folder.refusal() == nil)
    }

    @Test func `a missing queue is not made anew`() async throws {
        try await fill()
        try FileManager.default.removeItem(atPath: database)
        let refusal = try #require(folder.refusal())
        #expect(refusal.kind == .damaged && refusal.text.contains("queue.db is missing"))
        #expect(!FileManager.default.fileExists(atPath: database))
    }

    @Test func `a missing quarantine is not made anew, unless the operator says so`() async throws {
        try await fill()
        try FileManager.default.removeItem(atPath: folder.path + "/quarantine.db")
        let refusal = try #require(folder.refusal())
        #expect(refusal.kind == .damaged && refusal.text.contains("quarantine.db is missing"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/quarantine.db"))
        // The mend, as the text says it.
        let sql = try #require(refusal.text.split(separator: "\"").dropFirst().first)
        let queue = try DatabaseQueue(path: database)
        try await queue.writeWithoutTransaction { try $0.execute(sql: String(sql)) }
        try queue.close()
        #expect(folder.refusal() == nil)
    }

    @Test func `an interrupted first start is taken up`() throws {
        try folder.open().close()
        // queue.db was made, the others were not.
        let queue = try DatabaseQueue(path: database)
        try queue.writeWithoutTransaction { try $0.execute(sql: "UPDATE meta SET value = 0 WHERE name = 'quarantine'") }
        try queue.close()
        for name in ["quarantine.db", "receipts.db"] { try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }
        #expect(folder.refusal() == nil)
    }

    @Test func `a quarantine alone shows that there was a queue`() async throws {
        try await fill()
        for name in ["queue.db", "receipts.db"] { try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }
        let refusal = try #require(folder.refusal())
        #expect(refusal.text.contains("queue.db is missing") && refusal.text.contains("quarantine.db"))
    }

    @Test func `an emptied queue is not taken for a new one`() async throws {
        try await fill()
        try #require(FileHandle(forUpdatingAtPath: database)).truncate(atOffset: 0)
        #expect(folder.refusal()?.text.contains("queue.db is empty") == true)
    }

    @Test func `body files alone show that there was a queue`() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/bodies", withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: "\(folder.path)/bodies/\(QueueID(rawValue: 1 << 12))", contents: Data([1]))
        #expect(folder.refusal()?.text.contains("queue.db is missing") == true)
    }

    @Test func `no database`() async throws {
        try await fill()
        try overwrite(database, at: 0, count: 4096)
        #expect(folder.refusal()?.kind == .damaged)
    }

    @Test func `pages damaged in the middle`() async throws {
        try await fill()
        try overwrite(database, at: 4096 * 3, count: 4096 * 20)
        let refusal = try #require(folder.refusal())
        #expect(refusal.kind == .damaged && refusal.text.contains("queue.db"))
    }

    @Test(arguments: ["pages", "header", "schema"])
    func `what is refused is not written to, its log neither`(_ damage: String) async throws {
        try await fill()
        // With a log that is not taken over yet, as a crash leaves it.
        let store = try folder.open()
        for i in 51...60 { try await store.accept(sample(i, bytes: 10_000)) }
        let left = folder.copy()
        store.close()
        let path = left.path + "/queue.db"
        switch damage {
        case "pages": try overwrite(path, at: 4096 * 3, count: 4096 * 20)
        case "header":
            // A file that is not in WAL mode would be switched to it; without its log, which belongs to another mode.
            try FileManager.default.removeItem(atPath: path + "-wal")
            try overwrite(path, at: 4096 * 3, count: 4096 * 20)
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.seek(toOffset: 18)
            try file.write(contentsOf: Data([1, 1]))
            try file.close()
        default:
            let queue = try DatabaseQueue(path: path)
            try await queue.write { try $0.execute(sql: "PRAGMA user_version = 99") }
            // Left open, so that the log stays.
            _ = Unmanaged.passRetained(queue)
        }
        let bytes = { [path, path + "-wal"].map { (try? Data(contentsOf: URL(fileURLWithPath: $0))) ?? Data() } }
        let before = bytes()
        let refusal = try #require(left.refusal())
        #expect(refusal.text.contains("queue.db"))
        #expect(bytes() == before)
    }

    @Test func `a table is missing`() async throws {
        try await fill()
        try await DatabaseQueue(path: database).write { try $0.execute(sql: "DROP TABLE recipient") }
        #expect(folder.refusal()?.text.contains("recipient") == true)
    }

    @Test func `a newer schema`() async throws {
        try await fill()
        try await DatabaseQueue(path: database).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        let refusal = try #require(folder.refusal())
        #expect(refusal.text.contains("newer Postern") && refusal.text.contains("99"))
    }

    @Test func `no folder`() throws {
        do throws(StoreFailure) {
            _ = try SQLiteStore(folder: folder.path + "/nowhere", clock: folder.clock)
            Issue.record("opened")
        } catch { #expect(error.text.contains("nowhere")) }
    }

    @Test func `a body file that lost bytes is damage, and other messages go on`() async throws {
        let store = try folder.open()
        try await store.accept(sample(1, bytes: 300 << 10))
        try await store.accept(sample(2, bytes: 300 << 10))
        try #require(FileHandle(forUpdatingAtPath: "\(folder.path)/bodies/\(sample(1).queueID)")).truncate(atOffset: 1000)
        await #expect(throws: StoreFailure.self) { try await store.body(of: sample(1).queueID) }
        #expect(try await store.body(of: sample(2).queueID).count == 300 << 10)
        store.close()
    }

    @Test func `a body that was read back stays readable, whoever cuts its file off`() async throws {
        let store = try folder.open()
        try await store.accept(sample(1, bytes: 300 << 10))
        let region: Region = try await withCheckedThrowingContinuation { done in
            store.body(of: sample(1).queueID) { done.resume(with: $0) }
        }
        try #require(FileHandle(forUpdatingAtPath: "\(folder.path)/bodies/\(sample(1).queueID)")).truncate(atOffset: 0)
        #expect(Array(region.bytes) == body(1, count: 300 << 10))
        store.close()
    }

    @Test func `a database damaged while it runs says so`() async throws {
        try await fill()
        let store = try folder.open()
        // Past what connections have in their caches: the readers have none yet.
        try overwrite(database, at: 4096, count: 4096 * 100)
        do {
            _ = try await store.messages(in: [.queued])
            Issue.record("read from damaged pages")
        } catch let failure as StoreFailure { #expect(failure.kind == .damaged) }
        store.close()
    }
}
