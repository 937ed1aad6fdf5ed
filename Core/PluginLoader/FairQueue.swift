import DequeModule

/// Work of several sites that waits for one of a number of places: who is next. Pure.
///
/// Within a site in order; sites take turns. However much one site brings, and however long that takes, it keeps nobody else out: while others
/// wait it gets no more than half of the places, and the last free place goes only to a site that has none. So a site alone has all places but
/// one, which is kept for whoever comes next; of one place there is nothing to keep, and the turns are all.
public struct FairQueue<Site: Hashable, Work> {
    private struct Line {
        var waiting: Deque<Work> = []
        /// Places that its work has.
        var taken = 0
    }

    private let places: Int
    /// Of sites with work that waits or has a place: no more than there is work.
    private var lines: [Site: Line] = [:]
    /// Sites with work that waits, the next one's first.
    private var turns: Deque<Site> = []
    private var taken = 0
    /// Work that waits.
    public private(set) var count = 0

    /// `places`: at least one.
    public init(places: Int) { self.places = max(1, places) }

    /// No site has more of them while others wait.
    private var share: Int { max(1, places / 2) }

    public mutating func append(_ work: Work, of site: Site) {
        lines[site, default: Line()].waiting.append(work)
        if lines[site]!.waiting.count == 1 { turns.append(site) }
        count += 1
    }

    /// Something waits that may have a place now.
    public var hasNext: Bool { next != nil }

    /// In `turns`. Sites with places are few, so what is passed over is, too.
    private var next: Int? {
        let free = places - taken
        guard free > 0, !turns.isEmpty else { return nil }
        let first = turns.firstIndex {
            let taken = lines[$0]!.taken
            return taken == 0 || free > 1 && taken < share
        }
        return first ?? (free > 1 ? 0 : nil)
    }

    /// Gives the next one a place, until `leave` of its site. nil: nobody may have one now.
    public mutating func take() -> (site: Site, work: Work)? {
        guard let next else { return nil }
        let site = turns.remove(at: next)
        let work = lines[site]!.waiting.removeFirst()
        lines[site]!.taken += 1
        // The turn of the others.
        if !lines[site]!.waiting.isEmpty { turns.append(site) }
        taken += 1
        count -= 1
        return (site, work)
    }

    /// What `take` gave is over.
    public mutating func leave(_ site: Site) {
        guard let line = lines[site], line.taken > 0 else { preconditionFailure("a place is left that was not taken") }
        taken -= 1
        if line.taken == 1, line.waiting.isEmpty { lines[site] = nil } else { lines[site]!.taken -= 1 }
    }
}
