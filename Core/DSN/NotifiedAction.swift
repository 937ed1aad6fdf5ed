/// What became of a recipient, in the words of RFC 3464 section 2.3.3. The gravest first: it gives the DSN its subject.
public enum NotifiedAction: String, Sendable, CaseIterable {
    case failed, delayed
    /// Passed on to a server that reports nothing.
    case relayed
    /// By LMTP: into the mailbox.
    case delivered
}
