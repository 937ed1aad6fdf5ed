/// Notes which message a thread is about to look into, where it stays readable when the process dies of it. Any thread; costs nanoseconds.
public protocol InFlightJournal: Sendable {
    /// What names these bytes from now on; nil: nobody asks.
    func digest(of bytes: UnsafeRawBufferPointer) -> MessageDigest?
    /// Why nobody must look into a message of this digest: for the operator. nil: nothing is known against it.
    func objection(to digest: MessageDigest) -> String?
    /// From here to `leave` this thread runs code over a peer's bytes that may end the process. Stretches of one thread do not nest.
    func enter(_ stretch: CriticalStretch) -> InFlightMark
    func leave(_ mark: InFlightMark)
}

extension InFlightJournal {
    /// Runs `body` as a critical stretch.
    public func watch<Result>(_ stretch: CriticalStretch, _ body: () throws -> Result) rethrows -> Result {
        let mark = enter(stretch)
        defer { leave(mark) }
        return try body()
    }
}

/// What is noted of a stretch.
public struct CriticalStretch: Hashable, Sendable {
    /// nil where there is no message yet: the session says whom to look at.
    public var digest: MessageDigest?
    public var queueID: QueueID?
    public var session: UInt64
    public var client: IPAddress
    public var phase: Phase
    /// The slot of the filter that runs; empty: the gateway reads the message itself.
    public var filter: String

    public init(digest: MessageDigest?, queueID: QueueID?, session: UInt64, client: IPAddress, phase: Phase, filter: String = "") {
        self.digest = digest
        self.queueID = queueID
        self.session = session
        self.client = client
        self.phase = phase
        self.filter = filter
    }
}

/// Where a stretch is noted.
public struct InFlightMark: Sendable {
    public let slot: Int32
    public init(slot: Int32) { self.slot = slot }
}

/// Notes nothing: for processes that store nothing, and for tests.
public struct NoJournal: InFlightJournal {
    public init() {}
    public func digest(of bytes: UnsafeRawBufferPointer) -> MessageDigest? { nil }
    public func objection(to digest: MessageDigest) -> String? { nil }
    public func enter(_ stretch: CriticalStretch) -> InFlightMark { InFlightMark(slot: -1) }
    public func leave(_ mark: InFlightMark) {}
}
