import Mail

/// Copies by state, as far as they are open: of a file, or a change of it.
struct CopyCounts: Equatable, Sendable {
    var queued = 0
    var held = 0
    var quarantined = 0

    mutating func add(_ state: RecipientState, _ count: Int = 1) {
        switch state {
        case .queued: queued += count
        case .held: held += count
        case .quarantined: quarantined += count
        case .delivered, .bounced, .discarded, .deleted, .expired: break
        }
    }

    static func += (a: inout CopyCounts, b: CopyCounts) {
        a.queued += b.queued
        a.held += b.held
        a.quarantined += b.quarantined
    }

    /// Those that there are.
    var byState: [RecipientState: Int] {
        [.queued: queued, .held: held, .quarantined: quarantined].filter { $0.value != 0 }
    }
}
