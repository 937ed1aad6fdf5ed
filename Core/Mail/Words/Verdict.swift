/// What one filter returned from one run in one phase.
public struct Verdict: Sendable {
    /// The slot's name.
    public var filter: String
    public var phase: Phase
    public var result: FilterResult
    public var symbols: [Symbol] = []
    public var proposals: [Proposal] = []
    /// Of route.
    public var requirements: [RouteRequirement] = []
    /// From START to the end of the run, waits included.
    public var elapsed: Duration = .zero
    /// Time on the loop or in the pool only.
    public var busy: Duration = .zero
    /// What went wrong or was waited for, for the log and the receipt; never for the peer.
    public var detail = ""
    /// What the slot's settings say about a result other than `done`; nil for `done` and `skipped`.
    public var onFailure: FailureAction?
    /// The slot is `required`: no verdict, no delivery.
    public var isRequired = false
    /// The slot runs to be looked at: for what becomes of a message this verdict is not there.
    public var isShadow = false
    /// Whom this run was about.
    public var recipients: RecipientSet = .all

    public init(filter: String, phase: Phase, result: FilterResult) {
        self.filter = filter
        self.phase = phase
        self.result = result
    }
}

/// How a run ended.
public enum FilterResult: String, Sendable, CaseIterable {
    case done, error, timeout, crash
    /// Cancelled because the session or transaction ended: counts for nothing.
    case cancelled
}

/// What happens to a message whose filter gave no verdict (`on_error`, `on_timeout`, `on_crash`).
public enum FailureAction: String, Sendable, CaseIterable {
    case skip, quarantine, `defer`, reject
}

/// An action that a filter proposes within its manifest's rights. Decide merges them.
public struct Proposal: Hashable, Sendable {
    public var action: ProposedAction
    public var recipients: RecipientSet

    public init(_ action: ProposedAction, recipients: RecipientSet = .all) {
        self.action = action
        self.recipients = recipients
    }
}

public enum ProposedAction: Hashable, Sendable {
    case reject(Reply)
    case `defer`(Reply)
    case quarantine(reason: String)
    case discard(reason: String)
    /// Added above the message; name and value were checked by the host (RFC 5322 ftext, no bare CR or LF).
    case addHeader(name: String, value: String)
}
