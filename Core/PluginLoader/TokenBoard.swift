import Synchronization

/// Operations that a thread of the plugin's own ends (`postern.token/1`). Any thread.
final class TokenBoard: Sendable {
    static let mostBytes = 65536

    /// Of this process: a token of one library means nothing to another.
    private static let last = Atomic<UInt64>(0)

    private struct Place: Sendable {
        let run: PluginRun
        let operation: UInt64
    }

    private let places = Mutex<[UInt64: Place]>([:])

    func issue(_ operation: UInt64, of run: PluginRun) -> (token: UInt64, work: any ServiceWork) {
        let token = Self.last.add(1, ordering: .relaxed).newValue
        places.withLock { $0[token] = Place(run: run, operation: operation) }
        return (token, Work(board: self, token: token))
    }

    /// False: nobody waits for it.
    func complete(_ token: UInt64, _ bytes: [UInt8]) -> Bool {
        guard let place = places.withLock({ $0.removeValue(forKey: token) }) else { return false }
        place.run.arrived(place.operation, .bytes(bytes))
        return true
    }

    private func drop(_ token: UInt64) { _ = places.withLock { $0.removeValue(forKey: token) } }

    private struct Work: ServiceWork {
        let board: TokenBoard
        let token: UInt64
        func cancel() { board.drop(token) }
    }
}
