import Mail
import NIOCore
import Synchronization

/// What each client did within the last minute: a count for this minute and one for the last, weighed by how much of that still counts, so
/// that no burst at a minute's turn passes twice. Any thread. Bounded: past `mostClients` each new one takes some other's place.
final class ClientRates: Sendable {
    private struct State {
        var start = NIODeadline.uptimeNanoseconds(0)
        var current: [IPAddress: Int] = [:]
        var last: [IPAddress: Int] = [:]
    }

    private static let window = TimeAmount.minutes(1)
    private static let mostClients = 100_000

    private let state = Mutex(State())

    /// Counts one more of `client` (see `SessionRegistry.key`). False when there were `limit` already; 0 is no limit.
    func admit(_ client: IPAddress, limit: Int, now: NIODeadline) -> Bool {
        if limit == 0 { return true }
        return state.withLock { state in
            let age = now - state.start
            if age >= Self.window {
                state.last = age < Self.window + Self.window ? state.current : [:]
                state.current = [:]
                // On a grid, so that what is left of the last window is known.
                let windows = age.nanoseconds / Self.window.nanoseconds
                state.start = state.start + .nanoseconds(windows * Self.window.nanoseconds)
            }
            let left = 1 - Double((now - state.start).nanoseconds) / Double(Self.window.nanoseconds)
            let count = state.current[client] ?? 0
            guard Double(count) + Double(state.last[client] ?? 0) * left < Double(limit) else { return false }
            if count == 0, state.current.count >= Self.mostClients { state.current.remove(at: state.current.startIndex) }
            state.current[client] = count + 1
            return true
        }
    }
}
