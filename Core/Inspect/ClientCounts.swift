import Mail
import Synchronization

/// Counts something per client over a sliding window, in bounded memory. Any thread.
///
/// The window slides in two halves that are exact and a weight between them, so that a client costs two numbers however often it comes. When
/// the table is full, some client's count is forgotten for each new one: many addresses buy an attacker no more than each of them alone has.
final class ClientCounts: Sendable {
    private struct State {
        var begins: Timestamp
        var current: [IPAddress: Int] = [:]
        var previous: [IPAddress: Int] = [:]
    }

    private let window: Duration
    private let most: Int
    private let state: Mutex<State>

    /// `most`: clients that are kept per half.
    init(window: Duration, most: Int = 20_000) {
        self.window = window
        self.most = most
        state = Mutex(State(begins: Timestamp(microseconds: 0)))
    }

    /// One more; the count with it.
    @discardableResult
    func add(_ client: IPAddress, at now: Timestamp) -> Int {
        state.withLock { state in
            let key = Self.key(client)
            slide(&state, to: now)
            if state.current[key] == nil, state.current.count >= most { state.current.remove(at: state.current.startIndex) }
            state.current[key, default: 0] += 1
            return count(state, key, now)
        }
    }

    /// Counts one more, unless there are `limit` already. `takeBack` undoes it.
    func admit(_ client: IPAddress, limit: Int, at now: Timestamp) -> Bool {
        state.withLock { state in
            let key = Self.key(client)
            slide(&state, to: now)
            guard count(state, key, now) < limit else { return false }
            if state.current[key] == nil, state.current.count >= most { state.current.remove(at: state.current.startIndex) }
            state.current[key, default: 0] += 1
            return true
        }
    }

    func takeBack(_ client: IPAddress) {
        state.withLock { state in
            let key = Self.key(client)
            guard let count = state.current[key] else { return }
            state.current[key] = count > 1 ? count - 1 : nil
        }
    }

    func count(_ client: IPAddress, at now: Timestamp) -> Int {
        state.withLock { state in
            slide(&state, to: now)
            return count(state, Self.key(client), now)
        }
    }

    private func slide(_ state: inout State, to now: Timestamp) {
        let passed = now - state.begins
        // A clock that was set back begins anew too.
        guard passed >= window || passed < .zero else { return }
        state.previous = passed >= window * 2 || passed < .zero ? [:] : state.current
        state.current = [:]
        state.begins = passed >= window * 2 || passed < .zero ? now : state.begins + window
    }

    private func count(_ state: State, _ key: IPAddress, _ now: Timestamp) -> Int {
        let left = 1 - Double((now - state.begins).microseconds) / Double(window.microseconds)
        return state.current[key, default: 0] + Int(Double(state.previous[key, default: 0]) * max(0, left))
    }

    /// One IPv6 customer has a /64 at least, so addresses in it count as one client.
    private static func key(_ client: IPAddress) -> IPAddress { client.isIPv4 ? client : IPAddress(high: client.high, low: 0) }
}
