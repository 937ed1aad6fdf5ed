import Foundation
import GRDB
import Mail
import Synchronization
import Testing

@testable import Store

/// Copies that go from one file to the other: all or nothing, wherever it is cut off.
struct MoveTests {
    let folder = StoreFolder()

    /// What a store shows of a message, and what it counts.
    struct View: Equatable, CustomStringConvertible {
        var states: [Int: RecipientState]
        var others: Int
        var description: String { "\(states.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }), \(others) others" }
    }

    private func view(_ folder: StoreFolder, _ id: QueueID) async throws -> View {
        let store = try folder.open()
        defer { store.close() }
        return try await view(store, id)
    }

    private func view(_ store: SQLiteStore, _ id: QueueID) async throws -> View {
        let message = try await store.message(id)
        if let message { #expect(try await store.body(of: id) == body(Int(id.rawValue >> 12), count: message.size)) }
        // What is listed, what is shown and what is counted must agree.
        let all = try await store.messages(in: [.queued, .held, .quarantined])
        for state in [RecipientState.queued, .held, .quarantined] {
            let listed = try await store.messages(in: [state])
            #expect(listed.map(\.queueID) == all.filter { $0.recipients.contains { $0.state == state } }.map(\.queueID))
            #expect(store.counts[state] ?? 0 == all.flatMap(\.recipients).count { $0.state == state }, "\(state)")
        }
        let copies = message?.recipients ?? []
        #expect(Set(copies.map(\.index)).count == copies.count)
        return View(
            states: Dictionary(uniqueKeysWithValues: copies.map { ($0.index, $0.state) }), others: all.count { $0.queueID != id })
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes = 100
        var first: [RecipientState]
        var changes: [(Int, RecipientState)]
        var addsDSN = false
        var before: [Int: RecipientState]
        var after: [Int: RecipientState]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "hold", first: [.queued], changes: [(0, .quarantined)], before: [0: .queued], after: [0: .quarantined]),
        Case(
            name: "hold, in a file", bytes: 300 << 10, first: [.queued], changes: [(0, .quarantined)], before: [0: .queued],
            after: [0: .quarantined]),
        Case(
            name: "hold one of two", first: [.queued, .held], changes: [(0, .quarantined)], before: [0: .queued, 1: .held],
            after: [0: .quarantined, 1: .held]),
        Case(name: "release", first: [.quarantined], changes: [(0, .queued)], before: [0: .quarantined], after: [0: .queued]),
        Case(
            name: "release, in a file", bytes: 300 << 10, first: [.quarantined], changes: [(0, .queued)], before: [0: .quarantined],
            after: [0: .queued]),
        Case(
            name: "release one of two", first: [.quarantined, .quarantined], changes: [(1, .queued)],
            before: [0: .quarantined, 1: .quarantined], after: [0: .quarantined, 1: .queued]),
        Case(
            name: "undeliverable, with a DSN", first: [.queued, .queued], changes: [(0, .delivered), (1, .quarantined)], addsDSN: true,
            before: [0: .queued, 1: .queued], after: [1: .quarantined]),
        Case(
            name: "bounced with a DSN, another released", first: [.queued, .quarantined], changes: [(0, .bounced), (1, .queued)],
            addsDSN: true,
            before: [0: .queued, 1: .quarantined], after: [0: .bounced, 1: .queued]),
        Case(
            name: "deleted in both", first: [.queued, .quarantined], changes: [(0, .deleted), (1, .deleted)],
            before: [0: .queued, 1: .quarantined], after: [:]),
        Case(
            name: "changing places", first: [.queued, .quarantined], changes: [(0, .quarantined), (1, .queued)],
            before: [0: .queued, 1: .quarantined], after: [0: .quarantined, 1: .queued]),
    ]

    @Test(arguments: cases) func `a cut after any step leaves all of it or nothing`(test: Case) async throws {
        let message = sample(5, bytes: test.bytes, states: test.first)
        let store = try folder.open()
        try await store.accept(message)
        let copies = Mutex<[(Moves.Step, StoreFolder)]>([])
        store.moves.observer.withLock { $0 = { [folder] step in copies.withLock { $0.append((step, folder.copy())) } } }
        try await store.change(test.changes.map { change(message, $0.0, $0.1) }, adding: test.addsDSN ? [sample(6)] : [])
        let others = test.addsDSN ? 1 : 0
        #expect(try await view(store, message.queueID) == View(states: test.after, others: others))
        store.close()
        #expect(copies.withLock { $0.map(\.0) } == [.prepared, .decided, .finished])
        for (step, copy) in copies.withLock({ $0 }) {
            let expected = step == .prepared ? View(states: test.before, others: 0) : View(states: test.after, others: others)
            // Twice: what the first start puts in order stays so.
            for _ in 1...2 { #expect(try await view(copy, message.queueID) == expected, "\(test.name), cut after \(step)") }
        }
        #expect(try await view(folder, message.queueID) == View(states: test.after, others: others))
        #expect(folder.files("bodies").isEmpty == (test.bytes == 100))
    }

    @Test(arguments: [100, 300 << 10]) func `an accept for both files is whole or not there`(bytes: Int) async throws {
        let message = sample(5, bytes: bytes, states: [.queued, .quarantined, .held])
        let store = try folder.open()
        let copies = Mutex<[(Moves.Step, StoreFolder)]>([])
        store.moves.observer.withLock { $0 = { [folder] step in copies.withLock { $0.append((step, folder.copy())) } } }
        try await store.accept(message)
        let whole: [Int: RecipientState] = [0: .queued, 1: .quarantined, 2: .held]
        #expect(try await view(store, message.queueID) == View(states: whole, others: 0))
        for (step, copy) in copies.withLock({ $0 }) {
            let again = try copy.open()
            #expect(try await view(again, message.queueID) == View(states: step == .prepared ? [:] : whole, others: 0), "\(step)")
            again.close()
            #expect(copy.files("bodies").isEmpty == (bytes == 100 || step == .prepared))
        }
        store.close()
    }

    @Test func `a body file goes with the last copy of both files`() async throws {
        let store = try folder.open()
        let message = sample(5, bytes: 300 << 10, states: [.queued, .quarantined, .queued])
        try await store.accept(message)
        try await store.change([change(message, 0, .delivered), change(message, 2, .quarantined)])
        #expect(try await view(store, message.queueID).states == [1: .quarantined, 2: .quarantined])
        try await store.change([change(message, 1, .queued)])
        try await store.change([change(message, 2, .deleted)])
        #expect(try await view(store, message.queueID).states == [1: .queued])
        try await store.change([change(message, 1, .delivered)])
        store.close()
        #expect(folder.files("bodies") == [])
    }

    @Test func `what follows a move at once comes after it`() async throws {
        let store = try folder.open()
        let rows: [(from: RecipientState, then: [RecipientState], end: [Int: RecipientState])] = [
            (.queued, [.quarantined, .deleted], [:]), (.quarantined, [.queued, .deleted], [:]),
            (.quarantined, [.queued, .delivered, .queued], [:]),
            (.queued, [.quarantined, .queued, .quarantined], [0: .quarantined]), (.held, [.quarantined, .queued], [0: .queued]),
            (.queued, [.quarantined, .delivered, .quarantined, .queued], [:]), (.queued, [.delivered, .quarantined, .queued], [:]),
        ]
        for (number, row) in rows.enumerated() {
            let message = sample(number + 1, states: [row.from])
            try await store.accept(message)
            // All at once, without waiting for any.
            for state in row.then.dropLast() { store.change([change(message, 0, state)]) { _ in } }
            try await store.change([change(message, 0, row.then.last!)])
            #expect(try await store.message(message.queueID).map { [0: $0.recipients[0].state] } ?? [:] == row.end, "\(row)")
            if !row.end.isEmpty { try await store.change([change(message, 0, .deleted)]) }
        }
        #expect(store.counts == [:])
        store.close()
        #expect(try await view(folder, sample(1).queueID) == View(states: [:], others: 0))
    }

    @Test(arguments: [false, true]) func `a move that queue.db cannot take never happened`(cannotUndo: Bool) async throws {
        let store = try folder.open()
        let message = sample(5)
        try await store.accept(message)
        let isSet = "SELECT RAISE(ABORT, 'set by the test')"
        try await store.queuePool.write { try $0.execute(sql: "CREATE TRIGGER fault BEFORE INSERT ON decided BEGIN \(isSet); END") }
        if cannotUndo {
            try await store.quarantinePool.write {
                try $0.execute(sql: "CREATE TRIGGER fault BEFORE DELETE ON pending BEGIN \(isSet); END")
            }
        }
        await #expect(throws: StoreFailure.self) { try await store.change([change(message, 0, .quarantined)], adding: [sample(6)]) }
        try await store.queuePool.write { try $0.execute(sql: "DROP TRIGGER fault") }
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.queued])
        #expect(store.counts == [.queued: 1])
        #expect(try await store.message(sample(6).queueID) == nil)
        // It becomes final; what quarantine.db still has of it must not come back, here or after a restart.
        try await store.change([change(message, 0, .delivered)])
        try await store.change([change(message, 0, .queued)])
        let copy = folder.copy()
        if cannotUndo {
            #expect(try pending(copy) == 1)
            let quarantine = try DatabaseQueue(path: copy.path + "/quarantine.db")
            try await quarantine.write { try $0.execute(sql: "DROP TRIGGER fault") }
            try quarantine.close()
        }
        #expect(try await view(copy, message.queueID) == View(states: [:], others: 0))
        #expect(try pending(copy) == 0)
        store.close()
    }

    @Test func `a decided move that quarantine.db cannot finish counts, and is finished later`() async throws {
        let store = try folder.open()
        let message = sample(5)
        try await store.accept(message)
        try await store.quarantinePool.write {
            try $0.execute(sql: "CREATE TRIGGER fault BEFORE DELETE ON pending BEGIN SELECT RAISE(ABORT, 'set by the test'); END")
        }
        try await store.change([change(message, 0, .quarantined)])
        #expect(try await store.message(message.queueID)?.recipients.map(\.state) == [.quarantined])
        // Whoever wants it back waits until the move is over.
        let isReleased = Mutex(false)
        store.change([change(message, 0, .queued)]) { _ in isReleased.withLock { $0 = true } }
        try await store.quarantinePool.write { try $0.execute(sql: "DROP TRIGGER fault") }
        for _ in 0..<6000 where !isReleased.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await view(store, message.queueID) == View(states: [0: .queued], others: 0))
        store.close()
    }

    private func pending(_ folder: StoreFolder) throws -> Int? {
        let quarantine = try DatabaseQueue(path: folder.path + "/quarantine.db")
        defer { try? quarantine.close() }
        return try quarantine.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM pending") }
    }

    @Test func `mail that goes straight through touches queue db only`() async throws {
        let store = try folder.open()
        let before = store.quarantineCommits
        for i in 1...20 {
            try await store.accept(sample(i, states: [.queued, .held]))
            try await store.change([change(sample(i), 1, .queued)])
            try await store.change([change(sample(i), 0, .delivered), change(sample(i), 1, .delivered)], adding: [sample(100 + i)])
        }
        #expect(store.quarantineCommits == before && before == 0)
        try await store.change([change(sample(101), 0, .quarantined)])
        #expect(store.quarantineCommits > 0)
        store.close()
    }

    @Test func `many moves at once, and a close in the middle of them`() async throws {
        let store = try folder.open()
        for i in 1...400 { store.accept(sample(i, bytes: 3000)) { _ in } }
        try await store.change([])
        let succeeded = Mutex(0)
        for i in 1...400 {
            store.change([change(sample(i), 0, .quarantined)]) { if case .success = $0 { succeeded.withLock { $0 += 1 } } }
        }
        store.close()
        #expect(succeeded.withLock { $0 } == 400)
        let again = try folder.open()
        #expect(again.counts == [.quarantined: 400])
        again.close()
    }
}
