/// `queue:` of postern.yaml.
public struct QueuePolicy: Hashable, Sendable {
    /// How long a message is tried before it bounces.
    public var lifetime = Duration.seconds(15 * 86400)
    /// The wait after the first failed attempt; it doubles up to `most`, with jitter.
    public var retryFirst = Duration.seconds(60)
    public var retryMost = Duration.seconds(4 * 3600)
    /// A message that is not through by then is told of to its sender, once (RFC 3461 section 4.1, NOTIFY=DELAY). Zero: never.
    public var delayWarning = Duration.seconds(4 * 3600)
    /// A message with 8-bit bytes for a server without 8BITMIME: refused with 5.6.3, or sent as it is.
    public var sendsEightBit = false
    /// Sessions to one destination at a time.
    public var concurrency = 20
    /// Until a connection to a next hop counts as failed.
    public var connectTimeout = Duration.seconds(30)
    /// Until a reply to a command counts as lost (RFC 5321 section 4.5.3.2).
    public var replyTimeout = Duration.seconds(300)
    /// Until the reply to the end of data counts as lost: the server may be at work on the message (RFC 5321 section 4.5.3.2.6).
    public var endOfDataTimeout = Duration.seconds(600)
    /// How long an idle connection to a next hop is kept for the next message.
    public var idleTimeout = Duration.seconds(5)

    public init() {}
}
