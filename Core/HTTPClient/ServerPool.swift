import Mail
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The connections of one loop, and the requests that wait for one. Each server belongs to one loop, so that its connections are shared
/// without a lock. Bound to the loop.
final class ServerPool: @unchecked Sendable {
    /// Connections that are alike. One to an address that a plugin may not ask is never given to that plugin.
    struct Key: Hashable {
        var origin: HTTPOrigin
        var reach: HTTPReach
    }

    private struct Server {
        /// Newest last.
        var idle: [FetchConnection] = []
        /// Being made, busy and idle.
        var connections = 0
        var waiting: [Fetch] = []
    }

    let loop: any EventLoop
    private let lookup: HostLookup
    private let tls: NIOSSLContext
    private let limits: FetchLimits
    private var servers: [Key: Server] = [:]
    private var all: [ObjectIdentifier: FetchConnection] = [:]
    private var isClosed = false

    init(loop: any EventLoop, resolver: any Mail.Resolver, tls: NIOSSLContext, limits: FetchLimits) {
        self.loop = loop
        self.tls = tls
        self.limits = limits
        lookup = HostLookup(resolver: resolver, loop: loop, most: limits.addresses)
    }

    var connectionCount: Int { servers.values.reduce(0) { $0 + $1.connections } }

    func start(_ fetch: Fetch) {
        if fetch.hasEnded { return }
        if isClosed { return fetch.end(HTTPAnswer(.failed, detail: "the gateway is stopping")) }
        let key = Key(origin: fetch.request.url.origin, reach: fetch.reach)
        if let connection = servers[key]?.idle.popLast() { return connection.send(fetch) }
        if servers[key]?.connections ?? 0 < limits.connections {
            servers[key, default: Server()].connections += 1
            open(key, for: fetch)
        } else {
            servers[key, default: Server()].waiting.append(fetch)
        }
    }

    /// A connection has answered and may take another request.
    func freed(_ connection: FetchConnection) {
        if isClosed { return connection.close() }
        if let next = nextWaiting(connection.key) { return connection.send(next) }
        servers[connection.key]?.idle.append(connection)
        connection.keep(for: .nanoseconds(limits.idle.microseconds * 1000))
    }

    func closed(_ connection: FetchConnection) {
        guard all.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        servers[connection.key]?.idle.removeAll { $0 === connection }
        release(connection.key)
    }

    func close() {
        isClosed = true
        let waiting = servers.values.flatMap(\.waiting)
        for key in servers.keys { servers[key]!.waiting = [] }
        for fetch in waiting { fetch.end(HTTPAnswer(.failed, detail: "the gateway is stopping")) }
        for connection in all.values { connection.close() }
    }

    private func nextWaiting(_ key: Key) -> Fetch? {
        while servers[key]?.waiting.isEmpty == false {
            let next = servers[key]!.waiting.removeFirst()
            if !next.hasEnded { return next }
        }
        return nil
    }

    /// One connection fewer: room for one who waits.
    private func release(_ key: Key) {
        guard servers[key] != nil else { return }
        servers[key]!.connections -= 1
        if let next = nextWaiting(key) { return start(next) }
        if servers[key]!.connections == 0 { servers[key] = nil }
    }

    // MARK: Opening

    private func open(_ key: Key, for fetch: Fetch) {
        lookup.addresses(of: key.origin.host, reach: key.reach).whenComplete { [self] result in
            switch result {
            case .success(let addresses): connect(key, addresses[...], fetch, nil)
            case .failure(let error):
                let isRefusal = (error as? HostLookup.Failure)?.isRefusal ?? false
                release(key)
                fetch.end(HTTPAnswer(isRefusal ? .refused : .failed, detail: FetchFailure.text(error)))
            }
        }
    }

    private func connect(_ key: Key, _ addresses: ArraySlice<IPAddress>, _ fetch: Fetch, _ last: (any Error)?) {
        guard let address = addresses.first, !fetch.hasEnded, !isClosed else {
            release(key)
            return fetch.end(HTTPAnswer(.failed, detail: "\(key.origin): \(last.map(FetchFailure.text) ?? "given up")"))
        }
        let opened = loop.makePromise(of: Void.self)
        let connection = FetchConnection(key, pool: self, mostFields: limits.fields, opened: opened)
        let name = IPAddress(key.origin.host) == nil ? key.origin.host : nil
        do {
            let socket = try SocketAddress(ipAddress: address.description, port: key.origin.port)
            ClientBootstrap(group: loop)
                .connectTimeout(.nanoseconds(limits.connect.microseconds * 1000))
                .channelInitializer { [tls] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if key.origin.isTLS { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name)) }
                        try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
                        try pipeline.addHandler(connection)
                    }
                }
                .connect(to: socket)
                .whenFailure { connection.failedToOpen($0) }
        } catch { connection.failedToOpen(error) }
        // A server that takes the connection but never finishes a handshake has no more time than one that takes none.
        let limit = loop.scheduleTask(in: .nanoseconds(limits.connect.microseconds * 2000)) { connection.close() }
        opened.futureResult.whenComplete { [self] result in
            limit.cancel()
            switch result {
            case .success:
                all[ObjectIdentifier(connection)] = connection
                if isClosed { return connection.close() }
                if !fetch.hasEnded { return connection.send(fetch) }
                freed(connection)
            case .failure(let error): connect(key, addresses.dropFirst(), fetch, error)
            }
        }
    }
}
