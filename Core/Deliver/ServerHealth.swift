import Mail
import NIOCore
import Synchronization

/// What was learnt about servers on earlier connections: which of them are down, break TLS, or announce CHUNKING without having it; and to
/// which family of addresses there was no route. Any thread; memory is bounded, and what was not asked for lately goes first.
final class ServerHealth: Sendable {
    /// Servers that are remembered for each thing.
    static let capacity = 10_000
    /// A server that is down is tried after all others for so long; each time that it is still down, twice as long.
    static let firstDown = Duration.seconds(30)
    static let mostDown = Duration.seconds(600)
    /// Addresses of a family that there was no route to come behind the other family's for so long.
    static let noRoute = Duration.seconds(60)
    /// Opportunistic TLS is not tried again for so long; neither is BDAT.
    static let withoutTLS = Duration.seconds(3600)
    static let withoutChunking = Duration.seconds(86_400)

    private struct Down {
        var failures: Int
        var until: Timestamp
    }

    private enum Lack: Hashable {
        case tls(ServerAddress)
        case chunking(ServerAddress)
        case family(isIPv4: Bool)
    }

    private struct State {
        var down = ExpiringCache<ServerAddress, Down>(capacity: ServerHealth.capacity)
        var lacks = ExpiringCache<Lack, Void>(capacity: ServerHealth.capacity)
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp

    /// `now` may count from anywhere.
    init(now: @escaping @Sendable () -> Timestamp = { Timestamp(microseconds: Int64(NIODeadline.now().uptimeNanoseconds / 1000)) }) {
        self.now = now
    }

    /// It did not answer: no connection, no session, or not in time.
    func failed(_ server: ServerAddress) {
        let now = now()
        state.withLock { state in
            let before = state.down.value(server, at: now)
            // Several attempts that found it down at once count as one.
            if let before, before.until > now { return }
            let failures = min((before?.failures ?? 0) + 1, 10)
            let wait = min(Self.firstDown * (1 << (failures - 1)), Self.mostDown)
            // Remembered beyond its end, so that the next failure counts on.
            state.down.set(server, Down(failures: failures, until: now + wait), until: now + wait + Self.mostDown)
        }
    }

    /// It answered.
    func worked(_ server: ServerAddress) {
        state.withLock { $0.down.remove(server) }
    }

    func isDown(_ server: ServerAddress) -> Bool {
        let now = now()
        return state.withLock { state in
            if let down = state.down.value(server, at: now), down.until > now { return true }
            return false
        }
    }

    /// Of servers that are down the one to try, as a place: that with the fewest failures, then the one that will be tried soonest anyway.
    func best(of servers: [ServerAddress]) -> Int? {
        let now = now()
        return state.withLock { state in
            servers.indices.min { a, b in
                let (a, b) = (state.down.value(servers[a], at: now), state.down.value(servers[b], at: now))
                return (a?.failures ?? 0, a?.until ?? .distantPast) < (b?.failures ?? 0, b?.until ?? .distantPast)
            }
        }
    }

    /// There was no route to this address: it may be the family's, and it may be this address's alone.
    func noRoute(to server: ServerAddress) {
        if case .ip(let address, _) = server { set(.family(isIPv4: address.isIPv4), for: Self.noRoute) }
    }

    /// A connection was made.
    func hasRoute(to server: ServerAddress) {
        guard case .ip(let address, _) = server else { return }
        state.withLock { $0.lacks.remove(.family(isIPv4: address.isIPv4)) }
    }

    /// In their order, but those of a family that lacks a route last.
    func ordered(_ servers: [ServerAddress]) -> [ServerAddress] {
        guard servers.count > 1 else { return servers }
        let now = now()
        return state.withLock { state in
            let lacksRoute = servers.map { server in
                guard case .ip(let address, _) = server else { return false }
                return state.lacks.value(.family(isIPv4: address.isIPv4), at: now) != nil
            }
            return [false, true].flatMap { isLast in zip(servers, lacksRoute).filter { $0.1 == isLast }.map(\.0) }
        }
    }

    func brokeTLS(_ server: ServerAddress) { set(.tls(server), for: Self.withoutTLS) }
    /// It wants TLS: the handshake's failure may have been a passing one.
    func mayDoTLS(_ server: ServerAddress) { state.withLock { $0.lacks.remove(.tls(server)) } }
    func breaksTLS(_ server: ServerAddress) -> Bool { has(.tls(server)) }

    func refusedChunking(_ server: ServerAddress) { set(.chunking(server), for: Self.withoutChunking) }
    func refusesChunking(_ server: ServerAddress) -> Bool { has(.chunking(server)) }

    private func set(_ lack: Lack, for time: Duration) {
        let end = now() + time
        state.withLock { $0.lacks.set(lack, (), until: end) }
    }

    private func has(_ lack: Lack) -> Bool {
        let now = now()
        return state.withLock { $0.lacks.value(lack, at: now) != nil }
    }
}
