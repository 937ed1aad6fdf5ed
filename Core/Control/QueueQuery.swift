import Mail

/// Which messages to list: those with a copy in one of `states`, above `after`.
public struct QueueQuery: Hashable, Sendable {
    public var states: Set<RecipientState>
    public var after: QueueID?
    /// 1 to `ControlLimits.pageSize`.
    public var limit: Int

    /// What is listed when no state is named: all that the gateway still has to deliver or to judge.
    public static let waiting: Set<RecipientState> = [.queued, .held]

    /// What can be released.
    public static let kept: Set<RecipientState> = [.held, .quarantined]
    /// What can be deleted.
    public static let unfinished: Set<RecipientState> = [.queued, .held, .quarantined]

    public init(states: Set<RecipientState> = QueueQuery.waiting, after: QueueID? = nil, limit: Int = ControlLimits.pageSize) {
        self.states = states
        self.after = after
        self.limit = min(max(limit, 1), ControlLimits.pageSize)
    }
}

extension RecipientState {
    /// Reads back what `word` wrote.
    public init?(word: some StringProtocol) {
        guard let state = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = state
    }
}

/// What to try now.
public enum FlushScope: Hashable, Sendable {
    case all
    /// Every message with a copy for this recipient domain; in lower case.
    case domain(String)
    case message(QueueID)
}
