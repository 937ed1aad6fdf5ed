import Mail

/// What is to be said and done of an event loop that does not answer. Pure; one for each loop, asked once a second.
///
///     answering -> silent: named, and again each minute -> stuck, where one stretch does not end -> answering again
///
/// A stretch does not end when it is found at `most` looks in a row, however long the loop was silent before: a machine that stood still is
/// looked at once, and one stretch after another is load. What it waits for cannot be seen: one that a slow disk keeps from a page or a file
/// for so long is ended like one that turns in circles. The gateway's own reading of a message counts like a filter. A loop that something
/// else holds is named only: there is no message that the next start could leave alone.
public struct LoopPatience: Equatable, Sendable {
    public enum Finding: Equatable, Sendable {
        /// Silent for so many seconds now, in this stretch; nil: in none.
        case silent(Int, FoundStretch?)
        /// This stretch does not come back; said again each minute.
        case stuck(FoundStretch)
        /// It answers again after so many seconds.
        case answers(Int)
    }

    /// Seconds until it is named, and for which one stretch may hold it: workers have as long (`heartbeat`).
    public static let named = 2
    public static let most = 10
    /// Seconds until the same is said again.
    static let again = 60

    private var silent = 0
    /// What the last look found, and at how many looks in a row.
    private var stretch: FoundStretch?
    private var looks = 0

    public init() {}

    /// `stretch`: what its thread is in, where it did not answer.
    public mutating func look(answered: Bool, _ stretch: @autoclosure () -> FoundStretch?) -> Finding? {
        if answered {
            defer { self = LoopPatience() }
            return silent >= Self.named ? .answers(silent) : nil
        }
        let now = stretch()
        silent += 1
        looks = now == self.stretch ? looks + 1 : 1
        self.stretch = now
        if let now, looks >= Self.most { return Self.isDue(looks) ? .stuck(now) : nil }
        return silent == Self.named || Self.isDue(silent) ? .silent(silent, now) : nil
    }

    private static func isDue(_ seconds: Int) -> Bool { seconds >= most && (seconds - most) % again == 0 }
}
