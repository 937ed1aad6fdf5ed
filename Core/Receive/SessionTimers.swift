import NIOCore

/// Who wants to be woken, and then looks what is due.
protocol Timed: AnyObject {
    /// Its place among those that wait, kept by `SessionTimers`; nil: it does not wait.
    var timerPlace: Int? { get set }
    func look()
}

/// When each session of one event loop wants to be woken: a heap in which a session knows its place. An event loop cancels a scheduled task by
/// going through all of them, so beside 10,000 idle sessions each one that ends would walk past all the others. Bound to its event loop.
final class SessionTimers: @unchecked Sendable {
    private struct Entry {
        var time: NIODeadline
        let sleeper: any Timed
    }

    private let loop: any EventLoop
    private var heap: [Entry] = []
    /// When the loop's own task comes next. Those tasks are never cancelled: one that comes too early finds nothing to do.
    private var armed: NIODeadline?

    init(on loop: any EventLoop) { self.loop = loop }

    /// In place of what it wanted before.
    func wake(_ sleeper: any Timed, in delay: TimeAmount) {
        loop.assertInEventLoop()
        let entry = Entry(time: loop.now + delay, sleeper: sleeper)
        let place = sleeper.timerPlace ?? heap.count
        if place == heap.count { heap.append(entry) }
        settle(entry, at: place)
        arm()
    }

    func forget(_ sleeper: any Timed) {
        loop.assertInEventLoop()
        guard let place = sleeper.timerPlace else { return }
        sleeper.timerPlace = nil
        let last = heap.removeLast()
        if place < heap.count { settle(last, at: place) }
    }

    var count: Int { heap.count }

    private func arm() {
        guard let time = heap.first?.time else { return }
        if let armed, armed <= time { return }
        armed = time
        loop.scheduleTask(deadline: time) { self.fire(at: time) }
    }

    private func fire(at time: NIODeadline) {
        if armed == time { armed = nil }
        while let first = heap.first, first.time <= loop.now {
            forget(first.sleeper)
            first.sleeper.look()
        }
        arm()
    }

    // MARK: The heap

    /// Puts the entry where it belongs, beginning at a place that is free for it.
    private func settle(_ entry: Entry, at start: Int) {
        var place = start
        while place > 0, entry.time < heap[(place - 1) / 2].time {
            put(heap[(place - 1) / 2], at: place)
            place = (place - 1) / 2
        }
        while true {
            var child = 2 * place + 1
            if child + 1 < heap.count, heap[child + 1].time < heap[child].time { child += 1 }
            guard child < heap.count, heap[child].time < entry.time else { break }
            put(heap[child], at: place)
            place = child
        }
        put(entry, at: place)
    }

    private func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        entry.sleeper.timerPlace = place
    }
}
