import Mail
import Synchronization

/// Who is connected: counts sessions in all, per client and per network, and finds them all again for a stop. Any thread.
final class SessionRegistry: Sendable {
    private struct State {
        var handlers: [UInt64: SessionHandler] = [:]
        var perClient: [IPAddress: Int] = [:]
        var perNetwork: [IPNetwork: Int] = [:]
    }

    private let state = Mutex(State())

    enum Admission { case admitted, tooMany, tooManyOfClient, tooManyOfNetwork }

    /// `client` nil: nobody that could be counted, as over a Unix socket.
    func admit(_ handler: SessionHandler, id: UInt64, client: IPAddress?, limits: Limits) -> Admission {
        state.withLock { state in
            guard state.handlers.count < limits.sessions else { return .tooMany }
            if let client {
                let ofClient = state.perClient[Self.key(client), default: 0]
                guard ofClient < limits.sessionsPerClient else { return .tooManyOfClient }
                let ofNetwork = state.perNetwork[Self.network(client), default: 0]
                guard ofNetwork < limits.sessionsPerNetwork else { return .tooManyOfNetwork }
                state.perClient[Self.key(client)] = ofClient + 1
                state.perNetwork[Self.network(client)] = ofNetwork + 1
            }
            state.handlers[id] = handler
            return .admitted
        }
    }

    /// True when it had been admitted.
    func leave(id: UInt64, client: IPAddress?) -> Bool {
        state.withLock { state in
            guard state.handlers.removeValue(forKey: id) != nil else { return false }
            if let client {
                Self.countDown(&state.perClient, Self.key(client))
                Self.countDown(&state.perNetwork, Self.network(client))
            }
            return true
        }
    }

    private static func countDown<Key>(_ counts: inout [Key: Int], _ key: Key) {
        let left = counts[key, default: 1] - 1
        counts[key] = left > 0 ? left : nil
    }

    /// One IPv6 customer has a /64 at least, so addresses in it count as one client.
    static func key(_ client: IPAddress) -> IPAddress { client.isIPv4 ? client : IPAddress(high: client.high, low: 0) }

    static func network(_ client: IPAddress) -> IPNetwork { IPNetwork(client, prefix: client.isIPv4 ? 24 : 48) }

    var count: Int { state.withLock { $0.handlers.count } }
    var all: [SessionHandler] { state.withLock { Array($0.handlers.values) } }
}
