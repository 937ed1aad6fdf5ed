/// What the gateway waits for now: the answer of `GET /v1/inflight`.
public struct InFlightPage: Codable, Hashable, Sendable {
    /// Sessions, and stored messages that are judged again.
    public var inspections: Int
    /// Of these, on event loops that gave no answer in time: something blocks them.
    public var silent: Int
    /// How many waits there are; `waits` has the longest of them.
    public var total: Int
    public var waits: [WaitRecord]

    public init(inspections: Int, silent: Int, total: Int, waits: [WaitRecord]) {
        self.inspections = inspections
        self.silent = silent
        self.total = total
        self.waits = waits
    }
}

/// A line of `postern inflight`.
public struct WaitRecord: Codable, Hashable, Sendable {
    public var milliseconds: Int
    public var session: UInt64
    public var client: String
    /// Absent before MAIL.
    public var queueID: String?
    public var phase: String
    /// The slot's name; empty: the gateway itself.
    public var filter: String
    /// What exactly. May hold words of a message or a plugin: escape them before printing.
    public var waitsFor: [String]
    /// The session goes on meanwhile.
    public var detached: Bool

    public init(
        milliseconds: Int, session: UInt64, client: String, queueID: String?, phase: String, filter: String, waitsFor: [String],
        detached: Bool
    ) {
        self.milliseconds = milliseconds
        self.session = session
        self.client = client
        self.queueID = queueID
        self.phase = phase
        self.filter = filter
        self.waitsFor = waitsFor
        self.detached = detached
    }

    enum CodingKeys: String, CodingKey {
        case milliseconds, session, client, phase, filter, detached
        case queueID = "queue_id"
        case waitsFor = "waits_for"
    }
}
