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

    /// In order of queue ID, at most `query.limit`; the next page begins after the last one's ID.
    func queue(_ query: QueueQuery) async throws -> [QueueEntry]
    /// Final copies included while they are known. Throws `.notFound`.
    func entry(_ id: QueueID) async throws -> QueueEntry
    /// Makes queued copies due now.
    func flush(_ scope: FlushScope) async throws -> ChangeResult
    /// Keeps queued copies back until they are released or deleted.
    func hold(_ id: QueueID) async throws -> ChangeResult
    /// Queues the copies that are in one of `states` for delivery now. `states` is a subset of `QueueQuery.kept`.
    func release(_ id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult
    /// Gives up the copies that are in one of `states`, none of which is final.
    func delete(_ id: QueueID, in states: Set<RecipientState>) async throws -> ChangeResult

    /// A message's history in order. Throws `.notFound` when nothing is known of it.
    func trace(_ id: QueueID) async throws -> [ReceiptRecord]
    func plugins() async throws -> [PluginRecord]
    /// The filters in force of a configured domain or alias. Throws `.notFound`.
    func filters(of domain: String) async throws -> DomainFilters
}
