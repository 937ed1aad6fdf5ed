import Foundation
import GRDB
import Mail
import Synchronization
import Testing

@testable import Store

/// Copies on the move, and who else wants something of them at that moment.
struct MoveOrderTests {
    let folder = StoreFolder()

    @Test func `what follows a move in the same batch comes after it`() async throws {
        let store = try folder.open()
        let message = sample(5, states: [.held])
        try await store.accept(message)
        store.inOneBatch {
            store.change([change(message, 0, .quarantined)]) { _ in }
            store.change([change(message, 0, .queued)]) { _ in }
        }
        // Behind both.
        try await store.change([change(message, 0, .queued)])
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.queued])
        #expect(store.counts == [.queued: 1])
        store.close()
    }

    @Test func `a close does not wait for what waits behind a move that cannot be finished`() async throws {
        let store = try folder.open()
        let message = sample(5)
        try await store.accept(message)
        try await store.quarantinePool.write {
            try $0.execute(sql: "CREATE TRIGGER fault BEFORE DELETE ON pending BEGIN SELECT RAISE(ABORT, 'set by the test'); END")
        }
        try await store.change([change(message, 0, .quarantined)])
        let failure = Mutex<StoreFailure?>(nil)
        store.change([change(message, 0, .queued)]) { result in
            if case .failure(let reason) = result { failure.withLock { $0 = reason } }
        }
        store.close()
        #expect(failure.withLock { $0?.text.contains("stopping") } == true)
    }

    /// A reader whose Nth step is followed by `work`, which ends before the next step.
    private func reader(_ store: SQLiteStore, after step: Int, _ changes: [RecipientChange]) -> StoreReader {
        let counter = Counter()
        return StoreReader(
            queue: FileReader(pool: store.queuePool, path: "queue.db"),
            quarantine: FileReader(pool: store.quarantinePool, path: "quarantine.db"),
            bodies: store.bodies
        ) {
            guard counter.next() == step else { return }
            let done = DispatchSemaphore(value: 0)
            store.change(changes) { _ in done.signal() }
            done.wait()
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    @Test(arguments: [RecipientState.queued, .quarantined], 0...3)
    func `a message is found while it moves`(from: RecipientState, step: Int) async throws {
        let store = try folder.open()
        let to = from == .queued ? RecipientState.quarantined : .queued
        for (number, states) in [[from], [from, .queued], [from, .quarantined]].enumerated() {
            let message = sample(number + 1, states: states)
            try await store.accept(message)
            let reader = reader(store, after: step, [change(message, 0, to)])
            let found: StoredMessage? = try await withCheckedThrowingContinuation { done in
                reader.message(message.queueID) { done.resume(with: $0) }
            }
            #expect(found?.recipients.map(\.index) == Array(states.indices))
            // Back, for the body.
            let state = try #require(try await store.message(message.queueID)?.recipients[0].state)
            let other: RecipientState = state == .queued ? .quarantined : .queued
            let bodies = self.reader(store, after: step, [change(message, 0, other)])
            let region: Region = try await withCheckedThrowingContinuation { done in
                bodies.body(of: message.queueID) { done.resume(with: $0) }
            }
            #expect(Array(region.bytes) == body(number + 1, count: 100))
        }
        store.close()
    }

    @Test func `a page is full when more follows, though some of it is gone meanwhile`() async throws {
        let store = try folder.open()
        for i in 1...4 { try await store.accept(sample(i)) }
        let reader = reader(store, after: 1, [change(sample(1), 0, .delivered), change(sample(2), 0, .delivered)])
        let page: [StoredMessage] = try await withCheckedThrowingContinuation { done in
            reader.messages(in: [.queued], after: nil, limit: 2) { done.resume(with: $0) }
        }
        #expect(page.map(\.queueID) == [sample(3).queueID, sample(4).queueID])
        store.close()
    }
}

extension SQLiteStore {
    /// Holds the writer's queue meanwhile.
    fileprivate func inOneBatch(_ work: () -> Void) { queuePool.writeWithoutTransaction { _ in work() } }
}
