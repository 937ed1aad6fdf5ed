import Mail
import Synchronization

/// All connections to next hops: which are idle and for whom, which are open, and how many jobs run. Any thread.
///
/// An idle connection belongs to the pool; whoever takes it out owns it until it is put back. Newest first, so that surplus ones expire.
final class ConnectionPool: Sendable {
    /// Connections that are alike.
    struct Key: Hashable, Sendable {
        var host: String
        var port: Int
        var tls: NextHop.TLSMode
        var isLMTP: Bool
        var clientCertificate: NextHop.ClientCertificate?
        var demands: TLSDemands

        init(_ hop: NextHop) {
            host = hop.host
            port = hop.port
            tls = hop.tls
            isLMTP = hop.isLMTP
            clientCertificate = hop.clientCertificate
            demands = hop.demands
        }
    }

    private struct State {
        var idle: [Key: [NextHopConnection]] = [:]
        var open: [ObjectIdentifier: NextHopConnection] = [:]
        var jobs = 0
        var isClosing = false
        /// No new connection is made any more.
        var isClosed = false
        var whenDrained: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// False once the shutdown has begun.
    func beginJob() -> Bool {
        state.withLock {
            if $0.isClosing { return false }
            $0.jobs += 1
            return true
        }
    }

    func endJob() {
        state.withLock { state -> (@Sendable () -> Void)? in
            state.jobs -= 1
            return state.jobs == 0 ? state.whenDrained : nil
        }?()
    }

    func take(_ key: Key) -> NextHopConnection? { state.withLock { $0.idle[key]?.popLast() } }

    /// False when the connection is not wanted any more.
    func put(_ connection: NextHopConnection) -> Bool {
        state.withLock {
            if $0.isClosing { return false }
            $0.idle[connection.key, default: []].append(connection)
            return true
        }
    }

    /// Takes one out that has been idle too long; false when somebody has taken it already.
    func remove(_ connection: NextHopConnection) -> Bool {
        state.withLock { state in
            guard let at = state.idle[connection.key]?.firstIndex(where: { $0 === connection }) else {
                // All of its kind are taken, and this one will not come back.
                if state.idle[connection.key]?.isEmpty == true { state.idle[connection.key] = nil }
                return false
            }
            state.idle[connection.key]?.remove(at: at)
            if state.idle[connection.key]?.isEmpty == true { state.idle[connection.key] = nil }
            return true
        }
    }

    /// False when none may be opened any more.
    func opened(_ connection: NextHopConnection) -> Bool {
        state.withLock {
            if $0.isClosed { return false }
            $0.open[ObjectIdentifier(connection)] = connection
            return true
        }
    }

    func closed(_ connection: NextHopConnection) {
        _ = remove(connection)
        state.withLock { $0.open[ObjectIdentifier(connection)] = nil }
    }

    /// Kinds of connections that there is room for.
    var keyCount: Int { state.withLock { $0.idle.count } }
    var openCount: Int { state.withLock { $0.open.count } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// No new jobs from now on. Returns the idle connections, which leave the pool; `drained` comes once, when the last job ends.
    func close(drained: @escaping @Sendable () -> Void) -> [NextHopConnection] {
        let (idle, isDrained) = state.withLock { state in
            state.isClosing = true
            let idle = state.idle.values.flatMap { $0 }
            state.idle = [:]
            if state.jobs > 0 { state.whenDrained = drained }
            return (idle, state.jobs == 0)
        }
        if isDrained { drained() }
        return idle
    }

    /// No new connections either. Returns all that are open.
    func closeAll() -> [NextHopConnection] {
        state.withLock {
            $0.isClosed = true
            return Array($0.open.values)
        }
    }
}
