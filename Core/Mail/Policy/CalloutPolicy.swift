/// `recipients: callout`: the next hop is asked whether a mailbox exists.
public struct CalloutPolicy: Hashable, Sendable {
    /// How long a yes is remembered, and that a next hop says yes to everything.
    public var positive = Duration.seconds(24 * 3600)
    /// How long a no is remembered: short, since new mailboxes must not wait long.
    public var negative = Duration.seconds(3600)
    /// How long a client waits at RCPT for the answer.
    public var timeout = Duration.seconds(10)
    /// No next hop said yes or no. By default the recipient is accepted and the queue waits: a gateway is there for the time when the
    /// customer's server is not.
    public var undetermined = Undetermined.accept

    public enum Undetermined: String, Sendable, CaseIterable { case accept, `defer` }

    public init() {}
}
