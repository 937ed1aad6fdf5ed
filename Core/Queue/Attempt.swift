import Mail

/// One attempt under way: a message's copies for one domain, sent group after group. Bound to the queue's loop.
final class Attempt: @unchecked Sendable {
    // Sendable: made and used on the queue's loop only; completions hop to it first.
    let item: QueueCore.Item
    /// nil: held copies that are judged again.
    let way: Way?
    let readySince: Timestamp
    var message: StoredMessage?
    /// The copies of this attempt; those that share a transaction follow each other.
    private(set) var copies: [StoredRecipient] = []
    private(set) var groups: ArraySlice<Range<Int>> = []
    var nextHops: [NextHop] = []
    /// One moment for all that this attempt defers.
    var nextAttempt: Timestamp?
    var health = QueueCore.Health.unknown
    /// Indices of copies that an operator has put into quarantine meanwhile: a deferral must not bring them back.
    var onHold: Set<Int> = []

    /// RFC 5321 section 4.5.3.1.8: a server takes at least this many recipients in one transaction.
    static let recipientLimit = 100

    init(_ item: QueueCore.Item, way: Way?, readySince: Timestamp) {
        self.item = item
        self.way = way
        self.readySince = readySince
    }

    /// Takes the copies that are to be sent and parts them by the header fields that they get.
    func take(_ message: StoredMessage) {
        self.message = message
        var order: [String: Int] = [:]
        let wanted = message.recipients.filter { $0.state == .queued && $0.policyDomain == way?.domain }
        for copy in wanted where order[copy.addedHeaders] == nil { order[copy.addedHeaders] = order.count }
        copies = wanted.sorted { (order[$0.addedHeaders]!, $0.index) < (order[$1.addedHeaders]!, $1.index) }
        var found: [Range<Int>] = []
        var start = 0
        for i in copies.indices.dropFirst()
        where copies[i].addedHeaders != copies[start].addedHeaders || i - start == Self.recipientLimit {
            found.append(start..<i)
            start = i
        }
        if start < copies.count { found.append(start..<copies.count) }
        groups = found[...]
    }

    func nextGroup() -> ArraySlice<StoredRecipient>? { groups.popFirst().map { copies[$0] } }

    /// All that is left, for an end without another transaction.
    func takeRest() -> ArraySlice<StoredRecipient>? {
        guard let first = groups.first, let last = groups.last else { return nil }
        groups = []
        return copies[first.lowerBound..<last.upperBound]
    }
}
