import Mail

/// What the admin API asks of the gateway. Gateway implements it over its engines; `ControlClient` implements it over the socket, so that a
/// command speaks the same words on either side. Any thread, many calls at once. What cannot be done is thrown as a `ControlFailure`.
public protocol ControlBackend: Sendable {
    func status() async throws -> GatewayStatus
    /// Prometheus text exposition format 0.0.4.
    func metrics() async throws -> String
    /// Takes the configuration's files as they are now. Throws `.invalid` with `problems` when they are refused; the old ones then stay.
    func reload() async throws -> ReloadResult
    /// Another gateway takes this one's place, on the same listening sockets: the same program, or (`upgrade`) the one on the disk now. Throws
    /// `.invalid` when a trial of that program or of the configuration fails; then nothing is stopped.
    func restart() async throws -> ReplacementResult
    func upgrade() async throws -> ReplacementResult

    /// In order of queue ID, at most `query.limit` of at most `ControlLimits.examined` messages that were looked at.
    func queue(_ query: QueueQuery) async throws -> QueuePage
    /// Final copies included while they are known. Throws `.notFound`.
    func entry(_ id: QueueID) async throws -> QueueEntry
    /// The message as it was received, without the header fields that are added for each copy; `isHeader`: its header only.
    func message(_ id: QueueID, isHeader: Bool) async throws -> Region
    /// Where mail goes, most of it first.
    func destinations() async throws -> [DestinationRecord]
    /// Makes waiting copies due now, however many.
    func flush(_ scope: FlushScope) async throws -> ChangeResult
    /// With the copies of one message that are in one of `states`, a subset of the operation's. Throws `.notFound`.
    func carryOut(_ operation: QueueOperation, on id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult
    /// With all copies that are meant, in order of queue ID, among the first `ControlLimits.examined` messages from `query.after`.
    func carryOut(_ operation: QueueOperation, where query: QueueQuery) async throws -> ChangePage

    /// A message's history in order. Throws `.notFound` when nothing is known of it.
    func trace(_ id: QueueID) async throws -> [ReceiptRecord]
    /// What each session and message in the gateway waits for now, the longest first.
    func inFlight() async throws -> InFlightPage
    func plugins() async throws -> [PluginRecord]
    /// The filters in force of a configured domain or alias. Throws `.notFound`.
    func filters(of domain: String) async throws -> DomainFilters
}
