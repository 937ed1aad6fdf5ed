import Mail

/// What is to be said and done of an event loop that does not answer. Pure; one for each loop, asked once a second.
///
///     answering -> silent, named -> ended, or answering again
///
/// An end needs the same stretch of a filter at every look: a machine that stood still, or a slow disk, is nobody's fault, and a start anew would
/// not mend it.
public struct LoopPatience: Equatable, Sendable {
    public enum Finding: Equatable, Sendable {
        /// Silent for so many seconds now, in this stretch; nil: in none.
        case silent(Int, FoundStretch?)
        /// This stretch does not come back.
        case stuck(FoundStretch)
        /// It answers again after so many seconds.
        case answers(Int)
    }

    /// Seconds until it is named, and until a filter that holds it ends the process: workers have as long (`heartbeat`).
    public static let named = 2
    public static let most = 10

    private var silent = 0
    private var stretch: FoundStretch?

    public init() {}

    /// `stretch`: what its thread is in, where it did not answer.
    public mutating func look(answered: Bool, _ stretch: @autoclosure () -> FoundStretch?) -> Finding? {
        if answered {
            defer { self = LoopPatience() }
            return silent >= Self.named ? .answers(silent) : nil
        }
        let now = stretch()
        silent += 1
        if silent == 1 || silent == Self.named { self.stretch = now }
        if now != self.stretch { self.stretch = nil }
        switch silent {
        case Self.named: return .silent(silent, now)
        case Self.most:
            guard let found = self.stretch, !found.stretch.filter.isEmpty else { return .silent(silent, now) }
            return .stuck(found)
        default: return nil
        }
    }
}
