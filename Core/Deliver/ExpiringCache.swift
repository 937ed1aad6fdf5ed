import Mail

/// Answers with an end, at most `capacity` of them: what was not asked for lately goes first.
///
/// Two generations instead of a list: when the young one is full it becomes the old one, and the old one is forgotten. So each step costs the
/// same, and nothing that is asked for goes.
struct ExpiringCache<Key: Hashable, Value> {
    private struct Entry {
        var value: Value
        var end: Timestamp
    }

    private var young: [Key: Entry] = [:]
    private var old: [Key: Entry] = [:]
    private let half: Int

    init(capacity: Int) { half = max(1, capacity / 2) }

    var count: Int { young.count + old.count }

    mutating func value(_ key: Key, at now: Timestamp) -> Value? {
        if let entry = young[key] {
            if entry.end > now { return entry.value }
            young[key] = nil
        } else if let entry = old.removeValue(forKey: key), entry.end > now {
            insert(key, entry)
            return entry.value
        }
        return nil
    }

    mutating func set(_ key: Key, _ value: Value, until end: Timestamp) {
        old[key] = nil
        insert(key, Entry(value: value, end: end))
    }

    mutating func remove(_ key: Key) {
        young[key] = nil
        old[key] = nil
    }

    private mutating func insert(_ key: Key, _ entry: Entry) {
        if young.count >= half, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = entry
    }
}
