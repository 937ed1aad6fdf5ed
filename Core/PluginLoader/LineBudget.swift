import Mail
import Synchronization

/// Lines that one source may write: 100 in ten seconds. Any thread.
public final class LineBudget: Sendable {
    private let state = Mutex<(window: UInt64, count: Int)>((0, 0))

    public init() {}

    /// Whether another line may be written. `onExcess` is called once in ten seconds, for the first that may not.
    public func take(onExcess: () -> Void) -> Bool {
        let window = MonotonicClock.nanoseconds / 10_000_000_000
        let count = state.withLock { state in
            if state.window != window { state = (window, 0) }
            state.count += 1
            return state.count
        }
        if count == Self.most + 1 { onExcess() }
        return count <= Self.most
    }

    private static let most = 100
    /// What was too much, in words.
    public static let excess = "more than \(most) lines in 10 s"
}
