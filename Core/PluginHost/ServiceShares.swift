import Mail
import Synchronization

/// Who has how much of a service under way. A plugin gets no more than is left for the others: alone up to half of the bounds, two up to a third
/// each. So something is left for a plugin that has nothing yet, however many others take all they can. Any thread.
final class ServiceShares: Sendable {
    private struct Held {
        var requests = 0
        var bytes = 0

        mutating func add(_ bytes: Int) {
            requests += 1
            self.bytes += bytes
        }

        mutating func remove(_ bytes: Int) {
            requests -= 1
            self.bytes -= bytes
        }
    }

    private struct State {
        var all = Held()
        /// Of those that have something under way.
        var plugins: [String: Held] = [:]
    }

    private let bounds: ServiceBounds
    /// What it is that there are so many of, for people: `HTTP requests`.
    private let what: String
    private let state = Mutex(State())

    init(_ bounds: ServiceBounds, of what: String) {
        self.bounds = bounds
        self.what = what
    }

    /// Why `plugin` may not have one more of so many bytes now; nil: it is counted, and must be given back.
    func take(_ plugin: String, _ bytes: Int) -> String? {
        state.withLock { state in
            let before = state.plugins[plugin] ?? Held()
            var (own, all) = (before, state.all)
            own.add(bytes)
            all.add(bytes)
            guard own.requests <= bounds.requests - all.requests, own.bytes <= bounds.bytes - all.bytes else {
                return "\(plugin) has \(before.requests) \(what) under way, and the rest is for other plugins"
            }
            state.plugins[plugin] = own
            state.all = all
            return nil
        }
    }

    func giveBack(_ plugin: String, _ bytes: Int) {
        state.withLock { state in
            guard var own = state.plugins[plugin] else { preconditionFailure("\(plugin) gives back what it has not taken") }
            own.remove(bytes)
            state.all.remove(bytes)
            state.plugins[plugin] = own.requests == 0 ? nil : own
        }
    }
}
