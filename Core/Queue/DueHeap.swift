/// A binary heap of places in a table, which keeps where in the heap each of them lies: so that any can be taken out, and an entry costs four
/// bytes.
struct DueHeap {
    private var order = ContiguousArray<UInt32>()

    var min: UInt32? { order.first }
    var count: Int { order.count }
    var isEmpty: Bool { order.isEmpty }

    mutating func insert(_ entry: UInt32, in table: inout some DueTable) {
        order.append(entry)
        table.setPlace(of: entry, order.count - 1)
        rise(order.count - 1, &table)
    }

    /// An entry that is in this heap.
    mutating func remove(_ entry: UInt32, in table: inout some DueTable) {
        let place = table.place(of: entry)
        precondition(order[place] == entry, "not in this heap")
        let last = order.removeLast()
        guard place < order.count else { return }
        order[place] = last
        table.setPlace(of: last, place)
        rise(place, &table)
        sink(table.place(of: last), &table)
    }

    mutating func removeMin(in table: inout some DueTable) -> UInt32? {
        guard let entry = order.first else { return nil }
        remove(entry, in: &table)
        return entry
    }

    private mutating func rise(_ start: Int, _ table: inout some DueTable) {
        var place = start
        let entry = order[place]
        while place > 0 {
            let parent = (place - 1) / 2
            guard table.precedes(entry, order[parent]) else { break }
            order[place] = order[parent]
            table.setPlace(of: order[place], place)
            place = parent
        }
        order[place] = entry
        table.setPlace(of: entry, place)
    }

    private mutating func sink(_ start: Int, _ table: inout some DueTable) {
        var place = start
        let entry = order[place]
        while true {
            var child = 2 * place + 1
            guard child < order.count else { break }
            if child + 1 < order.count, table.precedes(order[child + 1], order[child]) { child += 1 }
            guard table.precedes(order[child], entry) else { break }
            order[place] = order[child]
            table.setPlace(of: order[place], place)
            place = child
        }
        order[place] = entry
        table.setPlace(of: entry, place)
    }
}

/// What a `DueHeap` orders: entries that know their place in it.
protocol DueTable {
    func precedes(_ a: UInt32, _ b: UInt32) -> Bool
    func place(of entry: UInt32) -> Int
    mutating func setPlace(of entry: UInt32, _ place: Int)
}
