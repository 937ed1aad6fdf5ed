/// Asks the next hop whether a mailbox exists (a callout), and remembers the answer. Deliver implements it. Any thread; the completion comes
/// once, on any thread.
public protocol RecipientVerifier: Sendable {
    /// `nextHops`: of the address's domain, sorted by preference. The completion comes within `callout.timeout`.
    func verify(
        _ address: EmailAddress, nextHops: [NextHop], _ callout: CalloutPolicy, completion: @escaping @Sendable (RecipientExistence) -> Void
    )
}

public enum RecipientExistence: Hashable, Sendable {
    case exists
    /// The next hop refuses it for good, in these words.
    case unknown(String)
    /// No next hop said yes or no; why, for the log.
    case undetermined(String)
}
