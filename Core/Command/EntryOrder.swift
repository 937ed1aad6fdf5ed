import ArgumentParser
import Control
import Mail

/// In which order a list comes.
enum EntryOrder: String, ExpressibleByArgument, CaseIterable {
    case age, newest, next, size, attempts

    /// Lower comes first.
    fileprivate func key(_ entry: QueueEntry) -> (String, Int) {
        switch self {
        case .age: (entry.id, 0)
        case .newest: ("", -Int(QueueID(entry.id)?.rawValue ?? 0))
        case .next: (entry.recipients.compactMap(\.nextAttempt).min() ?? "~", 0)
        case .size: ("", -entry.size)
        case .attempts: ("", -(entry.recipients.map(\.attempts).max() ?? 0))
        }
    }
}

/// The first `limit` of many entries in an order: holds no more than twice as many.
struct BestEntries {
    private let order: EntryOrder
    private let limit: Int
    private var kept: [(key: (String, Int), entry: QueueEntry)] = []

    init(order: EntryOrder, limit: Int) {
        self.order = order
        self.limit = limit
    }

    mutating func take(_ entry: QueueEntry) {
        kept.append((order.key(entry), entry))
        if kept.count >= limit + max(limit, 1000) { cut() }
    }

    private mutating func cut() {
        kept.sort { ($0.key.0, $0.key.1, $0.entry.id) < ($1.key.0, $1.key.1, $1.entry.id) }
        kept.removeLast(max(0, kept.count - limit))
    }

    var entries: [QueueEntry] {
        var all = self
        all.cut()
        return all.kept.map(\.entry)
    }
}
