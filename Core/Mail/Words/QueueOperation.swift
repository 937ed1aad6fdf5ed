/// What an operator may have done with copies.
public enum QueueOperation: String, Sendable, CaseIterable {
    /// Tried now, not at its time.
    case flush
    /// Kept until somebody releases or deletes it.
    case hold
    /// Queued after all, whatever was found in it.
    case release
    case delete
    /// Tried again from the start: attempts and waits are forgotten.
    case requeue
    /// Judged again, by the policy in force now, and then tried from the start.
    case inspect

    /// In which states copies can be meant.
    public var states: Set<RecipientState> {
        switch self {
        case .flush, .hold: [.queued, .held]
        case .release: [.held, .quarantined]
        case .delete, .requeue, .inspect: [.queued, .held, .quarantined]
        }
    }

    /// Of histories and answers: the copies were ...
    public var participle: String {
        switch self {
        case .flush: "flushed"
        case .hold: "held"
        case .release: "released"
        case .delete: "deleted"
        case .requeue: "requeued"
        case .inspect: "requeued for inspection"
        }
    }
}
