import Mail

/// Messages just committed, so that the first attempt need not read them back. Bounded by a budget. The bytes of a large one, which is a mapped
/// file, are not kept: the attempt reads them, since a mapping whose sector cannot be read would end the process.
struct FreshMessages {
    private struct Entry {
        var message: StoredMessage
        var lanes: Set<Destination>
        var bytes: Int
    }

    private var entries: [QueueID: Entry] = [:]
    private(set) var budget: Int

    init(budget: Int) { self.budget = budget }

    /// Beyond the budget nothing is kept, which is only slower.
    mutating func keep(_ message: StoredMessage, for destinations: Set<Destination>) {
        // What the entry itself takes counts too, so that very many small ones are bounded as well.
        let bytes = (message.region?.memory ?? 0) + 512 + 256 * message.recipients.count
        guard let region = message.region, bytes <= budget, entries[message.queueID] == nil, !destinations.isEmpty else { return }
        var message = message
        if region.memory < region.count { message.region = nil }
        entries[message.queueID] = Entry(message: message, lanes: destinations, bytes: bytes)
        budget -= bytes
    }

    /// For the first attempt of this message for this destination; nil ever after, since the store then knows more.
    mutating func take(_ id: QueueID, _ destination: Destination) -> StoredMessage? {
        guard let entry = entries[id], entry.lanes.contains(destination) else { return nil }
        entries[id]!.lanes.remove(destination)
        if entry.lanes.count == 1 { drop(id) }
        return entry.message
    }

    mutating func drop(_ id: QueueID) {
        if let entry = entries.removeValue(forKey: id) { budget += entry.bytes }
    }
}
