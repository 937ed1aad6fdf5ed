/// Told what became of each copy, so that filters can learn. Inspect implements it; Queue tells. Any thread; returns at once and never fails: what
/// its filters cannot keep up with is dropped and counted.
public protocol OutcomeObserver: Sendable {
    /// Score and symbols of `record` are the observer's to find. `message`: its body is not looked at.
    func observe(_ record: OutcomeRecord, of copy: StoredRecipient, in message: StoredMessage)
}

/// Nobody wants to know.
public struct NoOutcomeObserver: OutcomeObserver {
    public init() {}
    public func observe(_ record: OutcomeRecord, of copy: StoredRecipient, in message: StoredMessage) {}
}
