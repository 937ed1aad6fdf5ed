import Mail

/// One attempt under way: a message's copies for one destination, sent group after group. Bound to the queue's loop.
final class Attempt: @unchecked Sendable {
    // Sendable: made and used on the queue's loop only; completions hop to it first.
    let item: QueueCore.Item
    /// nil: held copies that are judged again.
    let destination: Destination?
    /// By the wall clock.
    let readySince: Timestamp
    /// The destination is down: nothing is sent.
    let outage: Lane.Outage?
    var message: StoredMessage?
    /// The copies of this attempt; those that share a transaction follow each other.
    private(set) var copies: [StoredRecipient] = []
    private(set) var groups: ArraySlice<Range<Int>> = []
    /// One moment for all that this attempt defers.
    var nextAttempt: Timestamp?
    var health = Lane.Health.unknown
    /// What was said by a next hop that does not answer.
    var words = ""

    /// What begins the reason of a copy whose destination is down.
    static let suspended = "delivery suspended: "

    /// RFC 5321 section 4.5.3.1.8: a server takes at least this many recipients in one transaction.
    static let recipientLimit = 100

    /// What the copies of one transaction have in common.
    private struct Kind: Hashable {
        var addedHeaders: String
        var reversePath: ReversePath?

        init(_ copy: StoredRecipient) { (addedHeaders, reversePath) = (copy.addedHeaders, copy.reversePath) }
    }

    init(_ item: QueueCore.Item, to destination: Destination?, readySince: Timestamp, outage: Lane.Outage? = nil) {
        self.item = item
        self.destination = destination
        self.readySince = readySince
        self.outage = outage
    }

    /// Takes the copies that are to be sent, those of this destination by the policy in force now, and parts them by the header fields and the
    /// reverse-path that they get. Gives the other queued copies.
    func take(_ message: StoredMessage, by policy: PolicySnapshot) -> [(copy: StoredRecipient, destination: Destination)] {
        self.message = message
        var wanted: [StoredRecipient] = []
        var others: [(StoredRecipient, Destination)] = []
        for copy in message.recipients where copy.state == .queued {
            let destination = Destination(of: copy, role: message.role, by: policy)
            if destination == self.destination { wanted.append(copy) } else { others.append((copy, destination)) }
        }
        var order: [Kind: Int] = [:]
        for copy in wanted where order[Kind(copy)] == nil { order[Kind(copy)] = order.count }
        copies = order.count > 1 ? wanted.sorted { (order[Kind($0)]!, $0.index) < (order[Kind($1)]!, $1.index) } : wanted
        var found: [Range<Int>] = []
        var start = 0
        for i in copies.indices.dropFirst() where Kind(copies[i]) != Kind(copies[start]) || i - start == Self.recipientLimit {
            found.append(start..<i)
            start = i
        }
        if start < copies.count { found.append(start..<copies.count) }
        groups = found[...]
        return others
    }

    func nextGroup() -> ArraySlice<StoredRecipient>? { groups.popFirst().map { copies[$0] } }

    /// All that is left, for an end without another transaction.
    func takeRest() -> ArraySlice<StoredRecipient>? {
        guard let first = groups.first, let last = groups.last else { return nil }
        groups = []
        return copies[first.lowerBound..<last.upperBound]
    }
}
