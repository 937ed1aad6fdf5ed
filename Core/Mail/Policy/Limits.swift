/// Every limit of the gateway with its default, its reason and its reply. All can be set under `limits:` in postern.yaml, in snake_case.
public struct Limits: Hashable, Sendable {
    /// Bytes of one message; announced as SIZE. Larger than any mailbox provider takes, small enough for memory. 552 5.3.4, at MAIL already
    /// where SIZE= tells.
    public var messageSize = 150 << 20
    /// RCPT accepted in one transaction; announced as RCPTMAX; RFC 5321 section 4.5.3.1.8 asks for 100 at least. 452 5.5.3 each, and
    /// 421 to whoever never stops.
    public var recipients = 1000
    /// Open sessions in all: each costs some kilobytes and a descriptor. 421 4.7.0 instead of the greeting.
    public var sessions = 10_000
    /// Open sessions of one client: an IPv4 address, or an IPv6 /64. 421 4.7.0.
    public var sessionsPerClient = 50
    /// Open sessions of one network: an IPv4 /24, or an IPv6 /48. 421 4.7.0.
    public var sessionsPerNetwork = 200
    /// New sessions of one client in a minute; 0: any number. Off by default: large senders come in bursts. 421 4.7.0.
    public var sessionsPerMinute = 0
    /// Messages (MAIL commands) of one client in a minute; 0: any number. 450 4.7.1.
    public var messagesPerMinute = 0
    /// Recipients (RCPT commands) of one client in a minute; 0: any number. 450 4.7.1.
    public var recipientsPerMinute = 0
    /// Failed logins of one client in a minute, those being checked included, until AUTH is refused without a look: 454 4.7.0.
    public var failedLoginsPerMinute = 20
    /// Messages in one session; announced as MAILMAX (RFC 9422). 421 4.7.0 past it.
    public var transactions = 1000
    /// Recipients that do not exist in one session until it ends with 421 4.7.0: somebody is guessing addresses.
    public var unknownRecipients = 20
    /// How long a client is kept waiting for the greeting. One that speaks first is no mail server, and gets 554
    /// 5.5.1; the longer the wait, the more are found.
    public var greetDelay = Duration.zero
    /// Bytes of all messages between DATA and the commit together. 452 4.3.1 past it.
    public var bytesInFlight = 2 << 30
    /// A command line with its CR LF. RFC 5321 section 4.5.3.1.4 asks for 512; RFC 6531 and long parameters for more. 500
    /// 5.5.6.
    public var commandLine = 4096
    /// A text line of a message without its CR LF. RFC 5321 allows 998; senders exceed it, so the default is generous. 500
    /// 5.5.6.
    public var textLine = 1 << 20
    /// A message's header, up to its first empty line. Nobody's mail has one that large, and all of it is looked through at once.
    /// 550 5.6.0.
    public var headerSize = 1 << 20
    /// Rejected commands until the session ends with 421 4.7.0.
    public var errors = 20
    /// Commands that do nothing (NOOP, RSET, VRFY ...) between two messages until the session ends with 421 4.7.0.
    public var idleCommands = 100
    /// Received fields until a message counts as looping (RFC 5321 section 6.3): 554 5.4.6.
    public var hops = 50
    /// Waiting for a command (RFC 5321 section 4.5.3.2.7). 421 4.4.2, as for the next two.
    public var commandTimeout = Duration.seconds(300)
    /// Waiting for more bytes of a message (RFC 5321 section 4.5.3.2.5 speaks of 3 minutes).
    public var dataTimeout = Duration.seconds(180)
    /// From MAIL to the end of its message, however slowly commands and bytes trickle; the inspection not counted.
    public var transactionTimeout = Duration.seconds(3600)
    /// A filter's time before RCPT and for RCPT.
    public var edgeFilterTimeout = Duration.seconds(10)
    /// A filter's time for the message. Below the client's 10 minutes for the reply (RFC 5321 section 4.5.3.2.6).
    public var dataFilterTimeout = Duration.seconds(60)
    /// All filters together for one message, so that our reply comes before the client gives up.
    public var inspectionTimeout = Duration.seconds(240)
    /// Sessions may take this long to end on a graceful stop.
    public var drain = Duration.seconds(15)

    public init() {}
}
