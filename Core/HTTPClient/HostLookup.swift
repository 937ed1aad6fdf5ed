import Mail
import NIOCore

/// A server's addresses, from our own resolver, in the order in which they are tried: IPv6 and IPv4 by turns.
struct HostLookup {
    let resolver: any Resolver
    let loop: any EventLoop
    let most: Int

    struct Failure: Error {
        var text: String
        /// There is an address, but not one that may be asked.
        var isRefusal = false
    }

    func addresses(of host: String, reach: HTTPReach) -> EventLoopFuture<[IPAddress]> {
        if let address = IPAddress(host) { return loop.completed(Self.reachable([address], host, reach)) }
        // RFC 6761 section 6.3: no question to the DNS.
        if host == "localhost" || host.hasSuffix(".localhost") {
            return loop.completed(Self.reachable([.loopback, IPAddress(high: 0, low: 1)], host, reach))
        }
        let answers = [DNSType.aaaa, .a].map { type in
            let answer = loop.makePromise(of: DNSAnswer.self)
            resolver.resolve(DNSQuestion(host, type)) { answer.succeed($0) }
            return answer.futureResult
        }
        return EventLoopFuture.whenAllSucceed(answers, on: loop).flatMap { [loop, most] answers in
            loop.completed(Self.ordered(answers, host).flatMap { Self.reachable($0, host, reach) }.map { Array($0.prefix(most)) })
        }
    }

    static func ordered(_ answers: [DNSAnswer], _ host: String) -> Result<[IPAddress], Failure> {
        let lists = answers.map { $0.status == .found ? $0.records.compactMap { IPAddress(octets: $0) } : [] }
        let longest = lists.map(\.count).max() ?? 0
        let addresses = (0..<longest).flatMap { place in lists.compactMap { place < $0.count ? $0[place] : nil } }
        if !addresses.isEmpty { return .success(addresses) }
        guard let failed = answers.first(where: { ![.found, .noData, .nameError].contains($0.status) }) else {
            return .failure(Failure(text: "\(host) has no address"))
        }
        return .failure(Failure(text: "no address of \(host): \(failed.detail.isEmpty ? "\(failed.status)" : failed.detail)"))
    }

    static func reachable(_ addresses: [IPAddress], _ host: String, _ reach: HTTPReach) -> Result<[IPAddress], Failure> {
        if reach == .anyAddress { return .success(addresses) }
        let allowed = addresses.filter(PublicAddress.isOne)
        if let refused = addresses.first, allowed.isEmpty {
            return .failure(Failure(text: "\(host) leads to \(refused), which is not a public address", isRefusal: true))
        }
        return .success(allowed)
    }
}

/// Addresses of the public Internet: neither this machine nor a private network, nor those that stand for an IPv4 address that may be one
/// (RFC 6890).
enum PublicAddress {
    static func isOne(_ address: IPAddress) -> Bool {
        if !address.isIPv4, !address.isIn(IPAddress("2000::")!, prefix: 3) { return false }
        return !others.contains { address.isIn($0.0, prefix: $0.1) }
    }

    private static let others: [(IPAddress, Int)] = [
        ("0.0.0.0", 8), ("10.0.0.0", 8), ("100.64.0.0", 10), ("127.0.0.0", 8), ("169.254.0.0", 16), ("172.16.0.0", 12), ("192.0.0.0", 24),
        ("192.0.2.0", 24), ("192.168.0.0", 16), ("198.18.0.0", 15), ("198.51.100.0", 24), ("203.0.113.0", 24), ("224.0.0.0", 3),
        ("2001::", 32), ("2001:db8::", 32), ("2002::", 16),
    ].map { (IPAddress($0.0)!, $0.1) }
}

extension EventLoop {
    fileprivate func completed<T: Sendable, E: Error>(_ result: Result<T, E>) -> EventLoopFuture<T> {
        makeCompletedFuture(result.mapError { $0 as any Error })
    }
}
