import Mail
import Synchronization

/// Says of each mailbox what the test says; what it says nothing of waits for `answer`. Keeps what it was asked.
public final class ScriptedVerifier: RecipientVerifier {
    private struct State {
        var asked: [EmailAddress] = []
        var pending: [@Sendable (RecipientExistence) -> Void] = []
    }

    private let script: @Sendable (EmailAddress) -> RecipientExistence?
    private let state = Mutex(State())

    public init(_ script: @escaping @Sendable (EmailAddress) -> RecipientExistence?) { self.script = script }

    public var asked: [EmailAddress] { state.withLock { $0.asked } }

    /// Of all that waits.
    public func answer(_ existence: RecipientExistence) {
        let waiting = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for completion in waiting { completion(existence) }
    }

    public func verify(
        _ address: EmailAddress, nextHops: [NextHop], _ callout: CalloutPolicy, completion: @escaping @Sendable (RecipientExistence) -> Void
    ) {
        state.withLock { $0.asked.append(address) }
        if let existence = script(address) { return completion(existence) }
        state.withLock { $0.pending.append(completion) }
    }
}
