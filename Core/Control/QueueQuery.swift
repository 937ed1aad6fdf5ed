import Mail

/// Which messages are meant: those with a copy in one of `states` that passes `filter`, above `after`.
public struct QueueQuery: Hashable, Sendable {
    public var states: Set<RecipientState>
    public var filter: CopyFilter
    public var after: QueueID?
    /// Messages of a list: 1 to `ControlLimits.pageSize`.
    public var limit: Int

    /// What is listed when no state is named: all that the gateway still has to deliver or to judge.
    public static let waiting: Set<RecipientState> = [.queued, .held]

    public init(
        states: Set<RecipientState> = QueueQuery.waiting, filter: CopyFilter = CopyFilter(), after: QueueID? = nil,
        limit: Int = ControlLimits.pageSize
    ) {
        self.states = states
        self.filter = filter
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
    /// Every message with a copy for this recipient domain, and what this domain sends; in lower case.
    case domain(String)
}

/// A part of a list.
public struct QueuePage: Codable, Hashable, Sendable {
    public var entries: [QueueEntry]
    /// Messages that were looked at.
    public var examined: Int
    /// Where the next part begins: `after`; absent at the end.
    public var next: String?

    public init(entries: [QueueEntry], examined: Int, next: QueueID?) {
        self.entries = entries
        self.examined = examined
        self.next = next?.description
    }
}

/// What was done with a part of all messages.
public struct ChangePage: Codable, Hashable, Sendable {
    /// Copies, and the messages that have them.
    public var changed: Int
    public var messages: Int
    /// Messages that were looked at.
    public var examined: Int
    /// Where the next part begins: `after`; absent at the end.
    public var next: String?

    public init(changed: Int, messages: Int, examined: Int, next: QueueID?) {
        self.changed = changed
        self.messages = messages
        self.examined = examined
        self.next = next?.description
    }
}
