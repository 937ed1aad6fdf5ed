import Foundation
import HTTPClient
import Inspect
import Mail
import NIOCore
import NIOPosix
import PluginHost
import Receive
import Settings
import Store

/// What `postern scan` was given.
public struct ScanOptions: Sendable {
    /// nil: the demonstration's.
    public var configuration: String?
    /// Whose filters; nil: the first recipient's domain, else the only one configured.
    public var domain: String?
    public var client: IPAddress
    public var helo: String
    public var from: ReversePath
    public var to: [EmailAddress]
    /// Answers for the filters' DNS questions; nil: the configured resolver.
    public var dnsFile: String?
    /// What time it is for the filters; nil: now.
    public var at: Timestamp?

    public init(
        configuration: String?, domain: String? = nil, client: IPAddress = .loopback, helo: String = "localhost", from: ReversePath = .null,
        to: [EmailAddress] = [], dnsFile: String? = nil, at: Timestamp? = nil
    ) {
        self.configuration = configuration
        self.domain = domain
        self.client = client
        self.helo = helo
        self.from = from
        self.to = to
        self.dnsFile = dnsFile
        self.at = at
    }
}

/// Runs a domain's filters over files, without a running gateway: the real plugins, the real decision, nothing stored, nothing sent.
public final class Scanner: Sendable {
    private let options: ScanOptions
    private let recipients: [EmailAddress]
    private let inspector: Inspector
    private let loop: NIOSerialLoop
    private let clock: any WallClock
    private let limit: Int
    /// What filters remember goes with the scan.
    private let state: SQLiteFilterState
    private let folder: String
    private let http: PooledFetcher

    public init(_ options: ScanOptions) throws {
        let settings = try Configuration(options.configuration).load()
        var dns = settings.dns
        if let file = options.dnsFile { dns.source = .file(file) }
        let clock: any WallClock = options.at.map(StandingClock.init) ?? SystemClock()
        let resolver = try Resolvers.make(dns)
        folder = try Filters.temporaryFolder()
        state = try SQLiteFilterState(folder: folder, clock: clock, reserve: 0)
        http = try PooledFetcher(
            group: MultiThreadedEventLoopGroup.singleton, resolver: resolver, trustRootsFile: settings.httpTrustRoots)
        let filters = try Filters(settings, resolver: resolver, state: state, http: http)
        self.options = options
        self.clock = clock
        recipients = try Self.recipients(options, settings.policy)
        limit = settings.policy.limits.messageSize
        loop = NIOSerialLoop(MultiThreadedEventLoopGroup.singleton.next(), clock: clock)
        inspector = Inspector(
            plan: filters.plan, host: filters.host, store: ForgetfulStore(), log: SilentMailLog(), clock: clock,
            ids: QueueIDGenerator(floor: QueueID(rawValue: 0)), contents: WholeContent(), elsewhere: WorkThreads.run, accepted: { _ in })
    }

    private static func recipients(_ options: ScanOptions, _ policy: PolicySnapshot) throws -> [EmailAddress] {
        if let domain = options.domain {
            guard policy.domains[domain.lowercased()] != nil else { throw StartFailure("domain \(domain) is not configured") }
            if options.to.isEmpty { return [EmailAddress(localPart: "postmaster", domain: domain)] }
        }
        if !options.to.isEmpty { return options.to }
        let names = Set(policy.domains.values.map(\.domain))
        guard let only = names.first, names.count == 1 else {
            throw StartFailure("\(names.count) domains are configured: say whose filters with --domain or --to")
        }
        return [EmailAddress(localPart: "postmaster", domain: only)]
    }

    /// One JSON object in one line: what became of the message in `file`, and why. Line ends of LF alone become CR LF, as a client would send
    /// them. Throws when the file cannot be read or is too large.
    public func scan(file: String) async throws -> String {
        let data = try Self.read(file)
        guard data.count <= limit else { throw StartFailure("\(data.count) bytes, more than limits.message_size of \(limit)") }
        var facts = SessionFacts(
            id: 1, role: .inbound, listener: "scan", client: options.client, clientPort: 0, connectedAt: clock.now)
        facts.helo = options.helo
        facts.isESMTP = true
        let region = data.withUnsafeBytes { Self.withNetworkLineEnds($0) }
        let judgement = await inspector.judge(facts, from: options.from, to: recipients, region, on: loop)
        return try ScanReport(file: file, judgement, domain: options.domain, first: recipients[0]).json
    }

    /// One JSON object in one line: what the message in `file` consists of, whoever's filters would see it. Throws as `scan`.
    public static func content(file: String) throws -> String {
        let data = try read(file)
        let content = try WholeContent().content(of: data.withUnsafeBytes { withNetworkLineEnds($0) })
        return ContentReport(content: content).json(file: file)
    }

    public func close() async {
        await withCheckedContinuation { done in http.close { done.resume() } }
        state.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func read(_ file: String) throws -> Data {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else { throw StartFailure("there is no such file") }
        if isFolder.boolValue { throw StartFailure("is a folder: name the files in it") }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
        } catch { throw StartFailure("cannot be read: \(error.localizedDescription)") }
    }

    private static func withNetworkLineEnds(_ bytes: UnsafeRawBufferPointer) -> Region {
        var builder = RegionBuilder(capacity: bytes.count)
        var start = 0
        for at in bytes.indices where bytes[at] == 0x0A && (at == 0 || bytes[at - 1] != 0x0D) {
            builder.append(UnsafeRawBufferPointer(rebasing: bytes[start..<at]))
            builder.append(0x0D)
            start = at
        }
        builder.append(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        return Region(sealing: builder)
    }
}
