import Mail
import Synchronization

/// Finds the addresses of a next hop's host, in the order in which they are tried: IPv6 and IPv4 by turns (RFC 5321 section 5.1).
final class HostAddresses: Sendable {
    /// Tried at most: a zone may list hundreds.
    static let most = 5

    struct Failure: Error {
        /// One line for the log.
        var text: String
        /// The DNS says that there is none, as opposed to saying nothing.
        var isCertain = false
    }

    private let host: String
    private let found: @Sendable (Result<[IPAddress], Failure>) -> Void
    private let answers = Mutex<[DNSType: DNSAnswer]>([:])

    /// `found` comes once, on any thread, possibly before this returns.
    static func find(_ host: String, resolver: any Resolver, found: @escaping @Sendable (Result<[IPAddress], Failure>) -> Void) {
        if let address = IPAddress(host) { return found(.success([address])) }
        let name = host.lowercased()
        // RFC 6761 section 6.3: no question to the DNS.
        if name == "localhost" || name.hasSuffix(".localhost") { return found(.success([.loopback, IPAddress(high: 0, low: 1)])) }
        let search = HostAddresses(host, found)
        for type in [DNSType.aaaa, .a] { resolver.resolve(DNSQuestion(host, type)) { search.answered(type, $0) } }
    }

    private init(_ host: String, _ found: @escaping @Sendable (Result<[IPAddress], Failure>) -> Void) {
        self.host = host
        self.found = found
    }

    private func answered(_ type: DNSType, _ answer: DNSAnswer) {
        let both = answers.withLock { answers -> [DNSType: DNSAnswer]? in
            answers[type] = answer
            return answers.count == 2 ? answers : nil
        }
        if let both { found(Self.ordered(host, [both[.aaaa], both[.a]].compactMap { $0 })) }
    }

    private static func ordered(_ host: String, _ answers: [DNSAnswer]) -> Result<[IPAddress], Failure> {
        let lists = answers.map { answer in answer.status == .found ? answer.records.compactMap { IPAddress(octets: $0) } : [] }
        let longest = lists.map(\.count).max() ?? 0
        let addresses = (0..<longest).flatMap { place in lists.compactMap { place < $0.count ? $0[place] : nil } }
        if !addresses.isEmpty { return .success(Array(addresses.prefix(most))) }
        guard let failed = answers.first(where: { ![.found, .noData, .nameError].contains($0.status) }) else {
            return .failure(Failure(text: "host \(host) has no address", isCertain: true))
        }
        return .failure(Failure(text: "no address of host \(host): \(failed.detail.isEmpty ? "\(failed.status)" : failed.detail)"))
    }
}
