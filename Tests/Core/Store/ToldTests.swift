import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import Store

/// Changes that an added DSN tells of: both or neither, and not into the space that is kept free.
struct ToldTests {
    let folder = StoreFolder()

    struct Case: CustomTestStringConvertible, Sendable {
        var state: RecipientState
        var from: RecipientState?
        var to: RecipientState
        var holds: Bool
        var testDescription: String { "\(state), \(from?.word ?? "any") to \(to)" }
    }

    @Test(arguments: [
        Case(state: .queued, from: nil, to: .bounced, holds: true), Case(state: .queued, from: .queued, to: .queued, holds: true),
        Case(state: .held, from: .held, to: .expired, holds: true), Case(state: .queued, from: .held, to: .expired, holds: false),
        Case(state: .quarantined, from: .queued, to: .queued, holds: false),
        Case(state: .quarantined, from: .held, to: .expired, holds: false),
        Case(state: .quarantined, from: nil, to: .bounced, holds: true), Case(state: .deleted, from: nil, to: .bounced, holds: false),
    ]) func `a DSN comes only with what it tells of`(test: Case) async throws {
        let store = try folder.open()
        let message = sample(1, states: [test.state, .queued])
        try await store.accept(message)
        var told = change(message, 0, test.to)
        (told.from, told.isTold) = (test.from, true)
        await #expect(
            performing: {
                try await store.change([told, change(message, 1, .delivered)], adding: [sample(2)])
                if test.holds { throw StoreFailure(.busy, "it held") }
            }, throws: { ($0 as? StoreFailure)?.kind == (test.holds ? .busy : .outdated) })
        let left = try await store.messages(in: [.queued, .held, .quarantined])
        #expect(left.contains { $0.queueID == sample(2).queueID } == test.holds)
        // All or nothing: the other change too.
        #expect(
            left.contains { $0.queueID == message.queueID && $0.recipients.contains { $0.index == 1 && $0.state == .queued } } == !test
                .holds)
        // What is not told of is left out as before.
        told.isTold = false
        try await store.change([told, change(message, 1, .delivered)])
        store.close()
    }

    @Test func `one outdated change fails alone`() async throws {
        let store = try folder.open()
        for i in 1...3 { try await store.accept(sample(i)) }
        let failures = Failures()
        let done = Atomic(0)
        store.whileWriterIsBusy {
            for i in 1...3 {
                var told = change(sample(i), 0, .expired)
                (told.isTold, told.from) = (true, i == 2 ? .held : .queued)
                store.change([told], adding: [sample(10 + i)]) { result in
                    failures.add(result)
                    done.add(1, ordering: .relaxed)
                }
            }
        }
        try await store.change([])
        #expect(failures.kinds == [.outdated] && done.load(ordering: .relaxed) == 3)
        #expect(try await store.messages(in: [.queued]).map(\.queueID) == [sample(2), sample(11), sample(13)].map(\.queueID))
        store.close()
    }

    @Test func `a DSN waits for space, a record does not`() async throws {
        let store = try folder.open()
        for i in 1...2 { try await store.accept(sample(i)) }
        store.close()
        // More than any disk has.
        let short = try SQLiteStore(folder: folder.path, clock: folder.clock, reserve: 1 << 60)
        var told = change(sample(1), 0, .bounced)
        told.isTold = true
        do {
            try await short.change([told], adding: [sample(3)])
            Issue.record("taken")
        } catch let failure as StoreFailure { #expect(failure.kind == .full) }
        try await short.change([change(sample(2), 0, .delivered)])
        #expect(try await short.messages(in: [.queued]).map(\.queueID) == [sample(1).queueID])
        short.close()
    }
}
