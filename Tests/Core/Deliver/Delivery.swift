import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import Synchronization

@testable import Deliver

/// A client with short times, and jobs for it.
struct Delivery: Sendable {
    let client: SMTPNextHopClient
    private let isJudged: Bool

    init(
        resolver: any Mail.Resolver = TableResolver([:]), trustRootsFile: String? = nil, mxPort: Int = 25, allowsLoopback: Bool = true,
        ours: Set<String> = [], _ change: (inout QueuePolicy) -> Void = { _ in },
        connect: @escaping @Sendable (ClientBootstrap, SocketAddress) -> EventLoopFuture<any Channel> = { $0.connect(to: $1) },
        judge: JudgeRoute? = nil, judgePeer: JudgePeer? = nil
    ) {
        var policy = QueuePolicy()
        policy.connectTimeout = .seconds(5)
        policy.replyTimeout = .seconds(20)
        policy.idleTimeout = .seconds(60)
        change(&policy)
        let fixed = policy
        client = SMTPNextHopClient(
            group: MultiThreadedEventLoopGroup.singleton, resolver: resolver, trustRootsFile: trustRootsFile, policy: { fixed },
            hostname: { "us.example" }, isOurs: { ours.contains($0) }, mxPort: mxPort, allowsLoopback: allowsLoopback,
            judge: judge ?? { $1(.go([])) }, judgePeer: judgePeer ?? { $3(.go(policy: 0)) }, connect: connect)
        isJudged = judge != nil || judgePeer != nil
    }

    func send(
        _ body: String = "Subject: x\r\n\r\nhello\r\n", to recipients: [String] = ["r@d.example"], headers: String = "",
        via hops: NextHop...
    ) async -> DeliveryReport {
        await send(Region(copying: Array(body.utf8)), to: recipients, headers: headers, via: hops)
    }

    func send(_ region: Region, to recipients: [String] = ["r@d.example"], headers: String = "", via hops: [NextHop]) async
        -> DeliveryReport
    {
        await send(region, to: recipients, headers: headers, route: .nextHops(hops))
    }

    func send(mx domain: String, tls: NextHop.TLSMode = .never) async -> DeliveryReport {
        await send(Region(copying: Array("x\r\n".utf8)), to: ["r@\(domain)"], route: .mx(domain, tls: tls))
    }

    func send(_ region: Region, to recipients: [String], headers: String = "", isSMTPUTF8: Bool = false, route: Route) async
        -> DeliveryReport
    {
        var job = DeliveryJob(
            queueID: QueueID(rawValue: 1), reversePath: .address(EmailAddress(localPart: "s", domain: "s.example")), is8BitMIME: false,
            isSMTPUTF8: isSMTPUTF8,
            recipients: recipients.enumerated().map { JobRecipient(index: $0.offset, address: EmailAddress(unchecked: $0.element)!) },
            addedHeaders: headers, region: region, route: route)
        if isJudged { job.policyDomain = "d.example" }
        return await withCheckedContinuation { continuation in client.deliver(job) { continuation.resume(returning: $0) } }
    }
}

extension ScriptedNextHop {
    func hop(tls: NextHop.TLSMode = .never, preference: Int = 10, host: String = "127.0.0.1") -> NextHop {
        NextHop(host: host, port: port, preference: preference, tls: tls)
    }
}

extension DeliveryReport {
    /// `delivered 250`, `deferred -`, ... with `fault` where it was the next hop's.
    var words: [String] {
        outcomes.map {
            switch $0 {
            case .delivered(let reply): "delivered \(reply.code)"
            case .deferred(let f): "deferred \(f.reply.map { "\($0.code)" } ?? "-")\(f.isNextHopsFault ? " fault" : "")"
            case .bounced(let f): "bounced \(f.reply.map { "\($0.code)" } ?? "-")"
            }
        }
    }

    var details: [String] {
        outcomes.map {
            switch $0 {
            case .delivered(let reply): "\(reply)"
            case .deferred(let f), .bounced(let f): f.description
            }
        }
    }
}

/// Answers A and AAAA from a table; everything else is a name error.
struct TableResolver: Mail.Resolver {
    struct Done: DNSQuery { func cancel() {} }

    let table: [String: [String]]
    init(_ table: [String: [String]]) { self.table = table }

    func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        guard let texts = table[question.name] else {
            completion(DNSAnswer(status: .nameError))
            return Done()
        }
        let records = texts.compactMap { IPAddress($0) }.filter { $0.isIPv4 == (question.type == .a) }.map(\.octets)
        completion(DNSAnswer(status: records.isEmpty ? .noData : .found, records: records))
        return Done()
    }
}

/// Waits for `condition`, up to 10 seconds.
func eventually(_ condition: () async -> Bool) async -> Bool {
    for _ in 0..<1000 {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}
