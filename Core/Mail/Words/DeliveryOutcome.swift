/// What one attempt brought for one recipient.
public enum DeliveryOutcome: Sendable, Hashable {
    /// The next hop took responsibility (2xx after the end of data).
    case delivered(Reply)
    /// Try again later: a 4xx, or no answer at all.
    case deferred(DeliveryFailure)
    /// Never try again: a 5xx.
    case bounced(DeliveryFailure)
}

/// Why an attempt brought nothing: the words of the peer if there are any, else ours.
public struct DeliveryFailure: Sendable, Hashable, CustomStringConvertible {
    /// The peer's reply, or nil when it gave none (connect, timeout, TLS).
    public var reply: Reply?
    /// Our own words, one line: `connect to 127.0.0.1:25: connection refused`; beside a reply what it answers: `in reply to MAIL`. Without
    /// a reply it may begin with an enhanced status code: `5.6.7 the message needs SMTPUTF8`.
    public var detail: String
    /// True when nothing was said about this recipient: another next hop of the list may be tried at once.
    public var isNextHopsFault: Bool

    public init(reply: Reply? = nil, detail: String, isNextHopsFault: Bool = false) {
        self.reply = reply
        self.detail = detail
        self.isNextHopsFault = isNextHopsFault
    }

    /// One line for people: `450 4.2.0 try later (in reply to RCPT)`, or the detail alone.
    public var description: String { reply.map { detail.isEmpty ? "\($0)" : "\($0) (\(detail))" } ?? detail }
}
