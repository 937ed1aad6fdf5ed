import Mail
import Metrics
import NIOCore
import NIOSSL

/// The port `HTTPFetcher` over NIO: names by our own resolver, kept connections, verified certificates. Any thread.
public final class PooledFetcher: HTTPFetcher {
    private let pools: [ServerPool]
    private let budget: FetchBudget
    private let counters: [HTTPAnswer.Status: Counter]
    private let seconds: Timer

    /// `trustRootsFile`: PEM certificates to trust; nil: the system's. Throws when they cannot be read.
    public convenience init(group: any EventLoopGroup, resolver: any Resolver, trustRootsFile: String? = nil) throws {
        try self.init(group: group, resolver: resolver, trustRootsFile: trustRootsFile, limits: FetchLimits())
    }

    /// What is wrong with a file of certificates to trust, for people; nil: nothing.
    public static func problem(withTrustRoots path: String) -> String? {
        let certificates = try? NIOSSLCertificate.fromPEMFile(path)
        return certificates?.isEmpty == false ? nil : "`\(path)` holds no certificate in PEM"
    }

    init(group: any EventLoopGroup, resolver: any Resolver, trustRootsFile: String?, limits: FetchLimits) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.certificateVerification = .fullVerification
        tls.applicationProtocols = ["http/1.1"]
        if let trustRootsFile { tls.trustRoots = .file(trustRootsFile) }
        let context = try NIOSSLContext(configuration: tls)
        pools = group.makeIterator().map { ServerPool(loop: $0, resolver: resolver, tls: context, limits: limits) }
        budget = FetchBudget(limits)
        counters = Dictionary(
            uniqueKeysWithValues: HTTPAnswer.Status.allCases.map {
                ($0, Counter(label: MetricName.httpFetches, dimensions: [("status", "\($0)")]))
            })
        seconds = Timer(label: MetricName.httpSeconds)
    }

    @discardableResult
    public func fetch(
        _ request: HTTPRequest, reach: HTTPReach, completion: @escaping @Sendable (HTTPAnswer) -> Void
    ) -> any HTTPFetch {
        let pool = pools[Int(UInt(bitPattern: request.url.origin.hashValue) % UInt(pools.count))]
        if let refusal = request.objection?.rawValue ?? budget.take(request) {
            counters[.refused]?.increment()
            let ended = Fetch(request, reach: reach, loop: pool.loop) { _ in }
            completion(HTTPAnswer(.refused, detail: refusal))
            return ended
        }
        let began = NIODeadline.now()
        let fetch = Fetch(request, reach: reach, loop: pool.loop) { [budget, counters, seconds] answer in
            budget.giveBack(request)
            counters[answer.status]?.increment()
            seconds.recordNanoseconds((NIODeadline.now() - began).nanoseconds)
            completion(answer)
        }
        pool.loop.execute {
            fetch.begin()
            pool.start(fetch)
        }
        return fetch
    }

    /// Ends what is under way; what comes later is refused. `completion` comes on one of the loops.
    public func close(completion: @escaping @Sendable () -> Void = {}) {
        budget.close()
        let done = pools.map { pool in pool.loop.submit { pool.close() } }
        EventLoopFuture.andAllComplete(done, on: pools[0].loop).whenComplete { _ in completion() }
    }

    /// Requests under way, and open connections: for tests.
    var fetches: Int { budget.fetches }
    func connections() async -> Int {
        var count = 0
        for pool in pools { count += (try? await pool.loop.submit { pool.connectionCount }.get()) ?? 0 }
        return count
    }
}
