import Synchronization

/// Hands out queue IDs from any thread. Starts above `floor`, the highest ID that the store has seen, so that a clock that was set back
/// repeats none.
public final class QueueIDGenerator: Sendable {
    private let last: Atomic<Int64>

    public init(floor: QueueID) { last = Atomic(floor.rawValue) }

    public func next(at time: Timestamp) -> QueueID {
        let wanted = QueueID.first(at: time).rawValue
        var seen = last.load(ordering: .relaxed)
        while true {
            let next = max(wanted, seen + 1)
            let (exchanged, original) = last.compareExchange(expected: seen, desired: next, ordering: .relaxed)
            if exchanged { return QueueID(rawValue: next) }
            seen = original
        }
    }
}
