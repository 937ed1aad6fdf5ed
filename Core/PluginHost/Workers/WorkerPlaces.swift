import Mail
import PluginLoader
import Synchronization

/// The workers of one plugin in the home `worker-per-domain`, of which so many live at once. A domain that needs one when all are there
/// gets the place of the one that was used longest ago and has nothing under way. When all have, the one that has been there longest takes
/// no new runs, and makes room as soon as its last is over; its domain then waits behind the others. No worker ever serves two domains.
final class WorkerPlaces: @unchecked Sendable {
    // Sendable: `shared` has its lock; the rest belongs to the reactor's thread.
    private struct Shared {
        var most = 1
        var accepted: Set<Accepted> = []
    }

    /// Settings that one domain's worker has accepted: those of the others, of the same library, will too.
    struct Accepted: Hashable {
        var library: String
        var limits: WorkerLimits
        var settings: JSONValue
    }

    private let reactor: WorkerReactor
    private let shared = Mutex(Shared())
    private var places: [Place] = []
    private var waiting: [WeakGeneration] = []
    private var isTimed = false

    private struct WeakGeneration { weak var generation: WorkerGeneration? }

    /// A busy worker keeps its place for so long, though others wait: to start one costs more than a message.
    private static let turn = Duration.seconds(1)
    private static let mostAccepted = 1000

    init(_ reactor: WorkerReactor) { self.reactor = reactor }

    // MARK: Any thread

    func set(most: Int) { shared.withLock { $0.most = most } }

    func hasAccepted(_ settings: Accepted) -> Bool { shared.withLock { $0.accepted.contains(settings) } }

    func accept(_ settings: Accepted) {
        shared.withLock { shared in
            if shared.accepted.count >= Self.mostAccepted { shared.accepted = [] }
            shared.accepted.insert(settings)
        }
    }

    // MARK: On the reactor's thread

    /// Has `generation` begin now, or as soon as there is room for it.
    func enter(_ generation: WorkerGeneration) {
        waiting.append(WeakGeneration(generation: generation))
        admit()
    }

    private func admit() {
        waiting.removeAll { $0.generation == nil }
        while !waiting.isEmpty, hasRoom || endUnused() {
            guard let generation = waiting.removeFirst().generation else { continue }
            let place = Place(self, generation)
            places.append(place)
            if !generation.begin(in: place) { places.removeAll { $0 === place } }
        }
        // As many make room as wait for it.
        let missing = waiting.count - places.count { $0.isLeaving }
        guard missing > 0 else { return }
        let now = MonotonicClock.nanoseconds
        for place in places.filter({ !$0.isLeaving }).prefix(missing) {
            let stayed = Duration.nanoseconds(Int64(clamping: now &- place.since))
            if stayed >= Self.turn { place.isLeaving = place.generation?.retireServing() ?? false }
            if !place.isLeaving { return lookAgain(after: max(Self.turn - stayed, .milliseconds(100))) }
        }
    }

    private var hasRoom: Bool { places.count < shared.withLock(\.most) }

    /// True: there is room for another now.
    private func endUnused() -> Bool {
        for place in places.sorted(by: { $0.lastUse < $1.lastUse }) where place.generation?.endServingIfUnused() == true {
            // Its end was told at once, and with it that it has left.
            if hasRoom { return true }
        }
        return false
    }

    private func lookAgain(after delay: Duration) {
        if isTimed { return }
        isTimed = true
        reactor.after(delay) { [weak self] in
            self?.isTimed = false
            self?.admit()
        }
    }

    fileprivate func used() { if !waiting.isEmpty { admit() } }

    fileprivate func left(_ place: Place) {
        places.removeAll { $0 === place }
        // Not from within: whoever has ended it is not done yet.
        if !waiting.isEmpty { reactor.execute { [weak self] in self?.admit() } }
    }

    /// What a worker holds from its start to its end.
    final class Place {
        private let places: WorkerPlaces
        fileprivate weak var generation: WorkerGeneration?
        fileprivate let since = MonotonicClock.nanoseconds
        fileprivate var lastUse = MonotonicClock.nanoseconds
        /// Its worker takes no new runs.
        fileprivate var isLeaving = false

        fileprivate init(_ places: WorkerPlaces, _ generation: WorkerGeneration) {
            self.places = places
            self.generation = generation
        }

        /// For how long nothing has ended in it.
        var idle: Duration { .nanoseconds(Int64(clamping: MonotonicClock.nanoseconds &- lastUse)) }

        /// A run in it has ended.
        func used() {
            lastUse = MonotonicClock.nanoseconds
            places.used()
        }

        func leave() { places.left(self) }
    }
}
