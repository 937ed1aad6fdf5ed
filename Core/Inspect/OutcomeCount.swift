import Synchronization

/// How many outcomes wait or are being told. Any thread.
final class OutcomeCount: Sendable {
    private let count = Atomic(0)

    /// False: there are `most` of them.
    func enter(most: Int) -> Bool {
        if count.add(1, ordering: .relaxed).newValue <= most { return true }
        leave()
        return false
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}
