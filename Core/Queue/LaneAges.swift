import Mail

/// Finds the oldest message of each lane in parts, while items come and go in between. An item that was there at the beginning and still is
/// stands in its place until that is looked at, and one that comes later is noted: so each lane with mail has one at the end. One that goes
/// meanwhile may be told nevertheless.
struct LaneAges {
    /// By lane.
    private var found: [QueueID?] = []
    private var next = 0

    subscript(lane: Int) -> QueueID? { lane < found.count ? found[lane] : nil }

    /// Of all lanes.
    var oldest: QueueID? { found.lazy.compactMap { $0 }.min() }

    mutating func note(_ id: QueueID, _ lane: Int) {
        if lane >= found.count { found += Array(repeating: nil, count: lane + 1 - found.count) }
        if found[lane].map({ id < $0 }) ?? true { found[lane] = id }
    }

    /// The number was another destination's until now.
    mutating func begin(_ lane: Int) { if lane < found.count { found[lane] = nil } }

    /// True when all places were looked at.
    mutating func look(at count: Int, in items: ItemTable) -> Bool {
        items.forEach(in: next..<(next + count)) { id, lane in note(id, lane) }
        next += count
        return next >= items.places
    }
}
