import Dispatch
import Mail
import Synchronization

/// Carries out what concerns quarantine.db beside queue.db, or alone: prepares the one, lets the other decide, then finishes (README: moves).
/// Neither writer waits for the other. While a message is on the move, whatever else would change it waits here, in order.
final class Moves: @unchecked Sendable {
    // Sendable: `queue` and `quarantine` are set once, before anything runs; all else is locked.

    /// After which step, for tests.
    enum Step: Hashable, Sendable { case prepared, decided, finished, undone }

    /// Under way at once, and the bytes of bodies that those hold in memory; the others wait.
    private static let limit = 512
    private static let byteLimit = 32 << 20
    /// Their bodies are read before it is known how large they are.
    private static let startedAtOnce = 32
    private static let retryDelay = DispatchTimeInterval.seconds(1)

    private struct State {
        var waiting: [Move] = []
        var underWay: Set<QueueID> = []
        var running = 0
        var bytes = 0
        /// Moves that a failure keeps from ending for now.
        var stuck = 0
        /// Of all that wait or run.
        var claims: [QueueID: Int] = [:]
        /// Numbers whose marks are gone: queue.db need not keep them.
        var settled: [Int64] = []
        var lastNumber: Int64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let claimed = Atomic<Int>(0)
    private var queue: GroupCommit<QueueTables>!
    private var quarantine: GroupCommit<QuarantineTables>!
    /// Called on a writer's thread after a step is durable and before the next begins.
    let observer = Mutex<(@Sendable (Step) -> Void)?>(nil)

    func connect(_ queue: GroupCommit<QueueTables>, _ quarantine: GroupCommit<QuarantineTables>) {
        self.queue = queue
        self.quarantine = quarantine
    }

    /// True while the message is not to be changed by anybody else.
    func claims(_ id: QueueID) -> Bool {
        claimed.load(ordering: .acquiring) != 0 && state.withLock { $0.claims[id] != nil }
    }

    /// Decided, finished, and of no more use.
    var settled: [Int64] { state.withLock { $0.settled } }

    func forget(_ numbers: [Int64]) { state.withLock { $0.settled.removeFirst(numbers.count) } }

    /// On queue.db's writer, so that the order is that of the callers.
    func add(_ moves: [Move]) {
        state.withLock { state in
            for move in moves {
                state.lastNumber += 1
                move.number = state.lastNumber
                state.waiting.append(move)
                for id in move.ids { state.claims[id, default: 0] += 1 }
            }
        }
        claimed.add(moves.count, ordering: .releasing)
        start()
    }

    /// Nothing runs or can start, but for what a failure keeps from ending, and what waits behind it.
    var isIdle: Bool { state.withLock { $0.running == $0.stuck && Self.split($0).startable.isEmpty } }

    /// What failed to finish is left for the next open; what waits behind it fails.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for move in waiting {
            move.completion(
                .failure(StoreFailure(.unavailable, "a change before this one cannot be finished, and the gateway is stopping")))
        }
    }

    // MARK: Steps

    private func start() {
        queue.withTables { [self] tables in
            while true {
                let moves = startable()
                if moves.isEmpty { break }
                for move in moves { begin(move, tables) }
            }
        }
    }

    private func startable() -> [Move] {
        state.withLock { state in
            if state.waiting.isEmpty { return [] }
            let (started, left) = Self.split(state)
            for move in started { state.underWay.formUnion(move.ids) }
            state.running += started.count
            state.waiting = left
            return started
        }
    }

    /// Some of those that wait whose messages nobody else moves, and nobody before them wants to; and all others.
    private static func split(_ state: State) -> (startable: [Move], left: [Move]) {
        var startable: [Move] = []
        var left: [Move] = []
        var wanted: Set<QueueID> = []
        for (at, move) in state.waiting.enumerated() {
            if state.running + startable.count >= limit || state.bytes >= byteLimit || startable.count == startedAtOnce {
                left += state.waiting[at...]
                break
            }
            if state.underWay.isDisjoint(with: move.ids), wanted.isDisjoint(with: move.ids) {
                startable.append(move)
            } else {
                left.append(move)
            }
            wanted.formUnion(move.ids)
        }
        return (startable, left)
    }

    private func begin(_ move: Move, _ tables: QueueTables) {
        do throws(SQLiteFailure) { try tables.read(move) } catch {
            move.arrivals = []
            return end(move, .failure(error.storeFailure(tables.path)))
        }
        state.withLock { $0.bytes += move.bytes }
        if move.arrivals.isEmpty, move.elsewhere.isEmpty { return decide(move) }
        let isQuarantinesAlone =
            move.arrivals.isEmpty && move.here.isEmpty && move.added.isEmpty
            && move.elsewhere.allSatisfy { $0.state == .quarantined || $0.state.isFinal }
        if isQuarantinesAlone {
            return quarantine.submit(.init(work: .change(move.elsewhere), rank: .step) { [self] in end(move, $0) })
        }
        quarantine.submit(
            .init(work: .prepare(move), rank: .step, bytes: move.bytes) { [self] result in
                if case .failure = result { return end(move, result) }
                observe(.prepared)
                // Copies that are final or unknown are left alone.
                if !move.isPending, move.here.isEmpty, move.added.isEmpty { return end(move, result) }
                decide(move)
            })
    }

    private func decide(_ move: Move) {
        queue.submit(
            .init(work: .move(move), rank: .step, bytes: move.bytes) { [self] result in
                observe(.decided)
                guard move.isPending else { return end(move, result) }
                if case .failure = result { undo(move, result) } else { finish(move) }
            })
    }

    /// It counts from here on, whatever happens.
    private func finish(_ move: Move, isLate: Bool = false) {
        quarantine.submit(
            .init(work: .finish(move), rank: .step) { [self] result in
                guard case .failure = result else {
                    observe(.finished)
                    state.withLock { $0.settled.append(move.number) }
                    return end(move, isLate ? nil : .success(()), wasStuck: isLate)
                }
                if !isLate { move.completion(.success(())) }
                again(isFirst: !isLate) { [self] in finish(move, isLate: true) }
            })
    }

    /// It does not count. On queue.db's writer. While what queue.db failed to commit may turn out to be durable, the marks stay, so that an
    /// open after a crash decides rightly either way, and nobody else changes the message.
    private func undo(_ move: Move, _ failure: Result<Void, StoreFailure>) {
        guard queue.isInDoubt else { return takeBack(move, failure) }
        move.completion(failure)
        state.withLock { $0.stuck += 1 }
        queue.afterDoubt { [self] in
            state.withLock { $0.stuck -= 1 }
            takeBack(move, nil)
        }
    }

    /// The message is free at once, even if this fails: what is marked is passed over.
    private func takeBack(_ move: Move, _ result: Result<Void, StoreFailure>?, isLate: Bool = false) {
        quarantine.submit(
            .init(work: .undo(move), rank: .step) { [self] undone in
                if case .success = undone { observe(.undone) }
                if !isLate { end(move, result) }
                if case .failure = undone { retry { [self] in takeBack(move, nil, isLate: true) } }
            })
    }

    private func again(isFirst: Bool, _ step: @escaping @Sendable () -> Void) {
        if isFirst { state.withLock { $0.stuck += 1 } }
        retry(step)
    }

    private func retry(_ step: @escaping @Sendable () -> Void) {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.retryDelay) { [self] in
            if !state.withLock({ $0.isClosed }) { step() }
        }
    }

    private func end(_ move: Move, _ result: Result<Void, StoreFailure>?, wasStuck: Bool = false) {
        let waits = state.withLock { state in
            state.underWay.subtract(move.ids)
            state.running -= 1
            state.bytes -= move.bytes
            if wasStuck { state.stuck -= 1 }
            for id in move.ids {
                let left = state.claims[id, default: 1] - 1
                state.claims[id] = left == 0 ? nil : left
            }
            return !state.waiting.isEmpty
        }
        claimed.subtract(1, ordering: .releasing)
        if let result { move.completion(result) }
        if waits { start() }
    }

    private func observe(_ step: Step) { observer.withLock { $0 }?(step) }
}
