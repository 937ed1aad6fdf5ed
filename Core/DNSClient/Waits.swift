/// Who still waits for an answer, and until when. Pure; time is an argument.
///
/// A wait begins with `add` and ends exactly once: answered or cancelled (`end`), over its time (`expireNext`), or at shutdown (`removeAll`).
struct Waits {
    private var waiting: Set<UInt64> = []
    /// All have the same time, so the order of arrival is the order of deadlines. What stands before `head` is done.
    private var deadlines: [(id: UInt64, due: ContinuousClock.Instant)] = []
    private var head = 0

    var count: Int { waiting.count }

    /// `due` must not go back from one call to the next.
    mutating func add(_ id: UInt64, due: ContinuousClock.Instant) {
        waiting.insert(id)
        deadlines.append((id, due))
    }

    /// True: it was waiting, and is to be told.
    mutating func end(_ id: UInt64) -> Bool { waiting.remove(id) != nil }

    /// The next one whose time is over; its wait has ended.
    mutating func expireNext(at now: ContinuousClock.Instant) -> UInt64? {
        guard let due = nextDeadline(), due <= now else { return nil }
        let id = deadlines[head].id
        waiting.remove(id)
        dropFirst()
        return id
    }

    /// When `expireNext` has something to do. nil: nobody waits.
    mutating func nextDeadline() -> ContinuousClock.Instant? {
        while head < deadlines.count, !waiting.contains(deadlines[head].id) { dropFirst() }
        return head < deadlines.count ? deadlines[head].due : nil
    }

    /// All who wait, in order; their waits have ended.
    mutating func removeAll() -> [UInt64] {
        defer { self = Waits() }
        return waiting.sorted()
    }

    private mutating func dropFirst() {
        head += 1
        // Moves the rest only when it is the smaller half.
        if head >= 1024, head * 2 >= deadlines.count {
            deadlines.removeFirst(head)
            head = 0
        }
    }
}
