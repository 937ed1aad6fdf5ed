/// The mail-flow log: one line per event. Telemetry writes it. Any thread; never blocks on the disk.
public protocol MailLog: Sendable {
    func write(_ event: MailEvent)
}

public struct MailEvent: Sendable {
    /// `connect`, `reject`, `filter`, `queued`, `delivered`, `deferred`, `bounced`, ...: a fixed word, never the peer's.
    public var name: StaticString
    public var queueID: QueueID?
    public var session: UInt64?
    /// In the order of the line. Values may hold any bytes: the writer escapes them.
    public var fields: [(StaticString, LogValue)]

    public init(_ name: StaticString, queueID: QueueID? = nil, session: UInt64? = nil, _ fields: [(StaticString, LogValue)]) {
        self.name = name
        self.queueID = queueID
        self.session = session
        self.fields = fields
    }
}

public enum LogValue: Sendable, Hashable, ExpressibleByStringLiteral {
    case text(String)
    case integer(Int)
    case number(Double)
    /// Written in seconds.
    case duration(Duration)

    public init(stringLiteral value: String) { self = .text(value) }
}

/// A log that nobody reads: for pure tests.
public struct SilentMailLog: MailLog {
    public init() {}
    public func write(_ event: MailEvent) {}
}
