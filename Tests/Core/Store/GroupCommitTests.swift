import Foundation
import GRDB
import Mail
import Synchronization
import Testing

@testable import Store

/// Many entries, one sync; and nobody hears of success before it.
struct GroupCommitTests {
    let folder = StoreFolder()

    @Test func `what waits together is committed together`() async throws {
        let store = try folder.open()
        let results = Mutex<[Bool]>([])
        let before = store.commits
        store.whileWriterIsBusy {
            // The writer is busy: all of these must wait.
            for i in 1...300 {
                store.accept(sample(i)) { result in results.withLock { $0.append((try? result.get()) != nil) } }
            }
            #expect(results.withLock { $0.isEmpty })
        }
        try await store.change([])
        #expect(results.withLock { $0 } == Array(repeating: true, count: 300))
        #expect(store.commits.entries - before.entries == 301)
        #expect(store.commits.count - before.count <= 2)
        store.close()
    }

    @Test func `each success comes after the commit`() async throws {
        let store = try folder.open()
        let seen = Mutex<[Bool]>([])
        let path = folder.path + "/queue.db"
        for i in 1...20 {
            let message = sample(i, bytes: i % 5 == 0 ? 300 << 10 : 100)
            store.accept(message) { _ in
                // A connection of its own sees only what is committed.
                let other = try? DatabaseQueue(path: path)
                let found = try? other?.read { db in
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM message WHERE id = ?", arguments: [message.queueID.rawValue])
                }
                seen.withLock { $0.append(found == 1) }
            }
        }
        for _ in 0..<5000 where seen.withLock({ $0.count }) < 20 { try await Task.sleep(for: .milliseconds(2)) }
        #expect(seen.withLock { $0 } == Array(repeating: true, count: 20))
        store.close()
    }

    @Test func `one entry that fails is nobody else's failure`() async throws {
        let store = try folder.open()
        try await store.accept(sample(50))
        let failed = Mutex<[Int]>([])
        store.whileWriterIsBusy {
            for i in 45...55 {
                store.accept(sample(i)) { if case .failure = $0 { failed.withLock { $0.append(i) } } }
            }
        }
        try await store.change([])
        #expect(failed.withLock { $0 } == [50])
        #expect(try await store.messages(in: [.queued]).count == 11)
        store.close()
    }

    @Test func `a copy of the files taken at any success has everything that succeeded`() async throws {
        let store = try folder.open()
        let done = Mutex<Set<QueueID>>([])
        let copies = Mutex<[(StoreFolder, Set<QueueID>)]>([])
        for i in 1...80 {
            let message = sample(i, bytes: i % 20 == 0 ? 300 << 10 : 2000)
            store.accept(message) { [folder] _ in
                let sofar = done.withLock {
                    $0.insert(message.queueID)
                    return $0
                }
                // On the writer's queue: the files rest meanwhile, as they would after SIGKILL.
                if i % 20 == 1 { copies.withLock { $0.append((folder.copy(), sofar)) } }
            }
        }
        for _ in 0..<5000 where done.withLock({ $0.count }) < 80 { try await Task.sleep(for: .milliseconds(2)) }
        store.close()
        let taken = copies.withLock { $0 }
        #expect(taken.count == 4)
        for (copy, expected) in taken {
            let again = try copy.open()
            let found = try await again.messages(in: [.queued])
            #expect(Set(found.map(\.queueID)).isSuperset(of: expected))
            for message in found {
                let number = Int(message.queueID.rawValue >> 12)
                #expect(try await again.body(of: message.queueID) == body(number, count: message.size))
            }
            again.close()
        }
    }

    @Test(arguments: [false, true]) func `past its bounds the mailbox refuses accepts at once, and nothing else`(byBytes: Bool) async throws
    {
        var limits = CommitLimits()
        if byBytes { limits.waitingBytes = 10_000 } else { limits.waiting = 10 }
        let store = try folder.open(limits: limits)
        try await store.accept(sample(100))
        let failures = Failures()
        let recorded = Failures()
        store.whileWriterIsBusy {
            for i in 1...12 { store.accept(sample(i, bytes: 1000)) { failures.add($0) } }
            #expect(failures.kinds == [.busy, .busy])
            store.change([change(sample(100), 0, .delivered)]) { recorded.add($0) }
            #expect(recorded.kinds.isEmpty)
        }
        try await store.change([])
        // Room again, also for one that is larger than all the room.
        try await store.accept(sample(13, bytes: 20_000))
        #expect(recorded.kinds.isEmpty && failures.kinds.count == 2)
        #expect(store.counts == [.queued: 11])
        store.close()
    }

    @Test func `syncs are counted`() async throws {
        let store = try folder.open()
        let before = store.syncs
        for i in 1...3 { try await store.accept(sample(i)) }
        #expect(store.syncs - before == 3)
        try await store.accept(sample(4, bytes: 300 << 10))
        #expect(store.syncs - before == 6)
        try await store.change([change(sample(1), 0, .quarantined)])
        #expect(store.syncs - before == 9)
        store.close()
    }

    @Test func `the log is taken over while mail goes on`() async throws {
        let store = try folder.open()
        for i in 1...200 {
            try await store.accept(sample(i, bytes: 200_000))
            try await store.change([change(sample(i), 0, .delivered)])
        }
        var status = stat()
        #expect(stat(folder.path + "/queue.db-wal", &status) == 0 && status.st_size < 16 << 20, "\(status.st_size)")
        store.close()
    }

    @Test func `after close everything is refused`() async throws {
        let store = try folder.open()
        store.close()
        await #expect(throws: StoreFailure.self) { try await store.accept(sample(1)) }
        await #expect(throws: StoreFailure.self) { try await store.receipts(of: sample(1).queueID) }
    }
}
