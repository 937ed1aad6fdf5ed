import Mail

/// All items of the queue: 24 bytes each, and 4 to 8 more to find one by its ID and lane. A million fit into some 40 MB, their heaps
/// included, and none is an object of its own.
struct ItemTable: DueTable {
    enum State: UInt32 {
        case free
        /// In its lane's heap `waiting`, or `suspended`.
        case waiting, suspended
        /// An attempt, or what takes its place, is under way.
        case running
    }

    private struct Slot {
        var id: Int64
        var due: Int64
        /// State in the upper 2 bits.
        var word: UInt32
        /// In its heap; of a free one the next free one.
        var place: UInt32
    }

    /// Lanes have 30 bits.
    static let mostLanes = 1 << 30
    private static let nothing = UInt32.max

    private var slots = ContiguousArray<Slot>()
    private var firstFree = ItemTable.nothing
    private(set) var count = 0
    /// Open addressing: places of slots, at most two thirds full.
    private var index = ContiguousArray<UInt32>(repeating: ItemTable.nothing, count: 16)

    subscript(due slot: UInt32) -> Timestamp {
        get { Timestamp(microseconds: slots[Int(slot)].due) }
        set { slots[Int(slot)].due = newValue.microseconds }
    }
    subscript(state slot: UInt32) -> State {
        get { State(rawValue: slots[Int(slot)].word >> 30)! }
        set { slots[Int(slot)].word = slots[Int(slot)].word & 0x3FFF_FFFF | newValue.rawValue << 30 }
    }
    func id(of slot: UInt32) -> QueueID { QueueID(rawValue: slots[Int(slot)].id) }
    func lane(of slot: UInt32) -> Int { Int(slots[Int(slot)].word & 0x3FFF_FFFF) }

    /// Places that there are, used or not. An item keeps its own as long as it is here.
    var places: Int { slots.count }

    /// Each item in some of the places, with its lane.
    func forEach(in places: Range<Int>, _ body: (QueueID, Int) -> Void) {
        for slot in slots[places.clamped(to: slots.indices)] where slot.word >> 30 != 0 {
            body(QueueID(rawValue: slot.id), Int(slot.word & 0x3FFF_FFFF))
        }
    }

    // MARK: DueTable

    func precedes(_ a: UInt32, _ b: UInt32) -> Bool {
        let (a, b) = (slots[Int(a)], slots[Int(b)])
        return a.due != b.due ? a.due < b.due : a.id < b.id
    }
    func place(of slot: UInt32) -> Int { Int(slots[Int(slot)].place) }
    mutating func setPlace(of slot: UInt32, _ place: Int) { slots[Int(slot)].place = UInt32(place) }

    // MARK: Finding

    func find(_ id: QueueID, lane: Int) -> UInt32? {
        var at = start(id.rawValue, lane)
        while index[at] != Self.nothing {
            let slot = slots[Int(index[at])]
            if slot.id == id.rawValue, Int(slot.word & 0x3FFF_FFFF) == lane { return index[at] }
            at = (at + 1) & (index.count - 1)
        }
        return nil
    }

    /// One that is not there yet.
    mutating func insert(_ id: QueueID, lane: Int, due: Timestamp) -> UInt32 {
        if (count + 1) * 3 > index.count * 2 { grow() }
        let slot = Slot(
            id: id.rawValue, due: due.microseconds, word: UInt32(lane) | State.waiting.rawValue << 30, place: Self.nothing)
        let number: UInt32
        if firstFree == Self.nothing {
            number = UInt32(slots.count)
            slots.append(slot)
        } else {
            number = firstFree
            firstFree = slots[Int(number)].place
            slots[Int(number)] = slot
        }
        enter(number)
        count += 1
        return number
    }

    mutating func remove(_ number: UInt32) {
        let slot = slots[Int(number)]
        let mask = index.count - 1
        var hole = start(slot.id, Int(slot.word & 0x3FFF_FFFF))
        while index[hole] != number { hole = (hole + 1) & mask }
        // What was pushed past the hole moves back into it, so that no search ends too early.
        var at = hole
        while true {
            at = (at + 1) & mask
            guard index[at] != Self.nothing else { break }
            let other = slots[Int(index[at])]
            let home = start(other.id, Int(other.word & 0x3FFF_FFFF))
            if (at &- home) & mask >= (at &- hole) & mask {
                index[hole] = index[at]
                hole = at
            }
        }
        index[hole] = Self.nothing
        slots[Int(number)] = Slot(id: 0, due: 0, word: 0, place: firstFree)
        firstFree = number
        count -= 1
        // An emptied queue gives its memory back.
        if count == 0, slots.count > 4096 { self = ItemTable() }
    }

    private mutating func grow() {
        index = ContiguousArray(repeating: Self.nothing, count: index.count * 2)
        for number in slots.indices where slots[number].word >> 30 != 0 { enter(UInt32(number)) }
    }

    private mutating func enter(_ number: UInt32) {
        let slot = slots[Int(number)]
        var at = start(slot.id, Int(slot.word & 0x3FFF_FFFF))
        while index[at] != Self.nothing { at = (at + 1) & (index.count - 1) }
        index[at] = number
    }

    private func start(_ id: Int64, _ lane: Int) -> Int {
        var hash = (UInt64(bitPattern: id) ^ UInt64(lane) &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
        return Int(truncatingIfNeeded: hash) & (index.count - 1)
    }
}
