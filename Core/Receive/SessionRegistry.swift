import Mail
import Synchronization

/// Who is connected: counts sessions in all and per client, and finds them all again for a stop. Any thread.
final class SessionRegistry: Sendable {
    private struct State {
        var handlers: [UInt64: SessionHandler] = [:]
        var perClient: [IPAddress: Int] = [:]
    }

    private let state = Mutex(State())

    enum Admission { case admitted, tooMany, tooManyOfClient }

    func admit(_ handler: SessionHandler, id: UInt64, client: IPAddress, limits: Limits) -> Admission {
        state.withLock { state in
            guard state.handlers.count < limits.sessions else { return .tooMany }
            let client = Self.key(client)
            let ofClient = state.perClient[client, default: 0]
            guard ofClient < limits.sessionsPerClient else { return .tooManyOfClient }
            state.perClient[client] = ofClient + 1
            state.handlers[id] = handler
            return .admitted
        }
    }

    /// True when it had been admitted.
    func leave(id: UInt64, client: IPAddress) -> Bool {
        state.withLock { state in
            guard state.handlers.removeValue(forKey: id) != nil else { return false }
            let client = Self.key(client)
            let ofClient = state.perClient[client, default: 1] - 1
            state.perClient[client] = ofClient > 0 ? ofClient : nil
            return true
        }
    }

    /// One IPv6 customer has a /64 at least, so addresses in it count as one client.
    private static func key(_ client: IPAddress) -> IPAddress { client.isIPv4 ? client : IPAddress(high: client.high, low: 0) }

    var count: Int { state.withLock { $0.handlers.count } }
    var all: [SessionHandler] { state.withLock { Array($0.handlers.values) } }
}
