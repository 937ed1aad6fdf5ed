import Accounts
import Deliver
import Extract
import Foundation
import HTTPClient
import InFlight
import Inspect
import Logging
import Mail
import NIOCore
import NIOPosix
import PluginHost
import Queue
import Receive
import Settings
import Store
import Supervisor
import Synchronization
import Telemetry

/// The parts of a gateway, made in the order in which they need each other. Nothing listens and nothing is sent before `start`.
final class RunningGateway: Sendable {
    /// Those of the start.
    let settings: GatewaySettings
    let policy: LivePolicy
    let host: PluginHost
    let store: SQLiteStore
    private let state: SQLiteFilterState
    private let http: PooledFetcher
    let inspector: Inspector
    let queue: DeliveryQueue
    let server: SMTPServer
    let metrics: PrometheusMetrics
    let clock: any WallClock
    let startedAt: Timestamp
    let isReady = Atomic(false)
    private let isDelivering = Atomic(true)
    private let client: SMTPNextHopClient
    private let certificates: Certificates
    private let log: MailFlowLog
    let supervisor: SupervisorLink?
    private let group: MultiThreadedEventLoopGroup
    private let loops: LoopWatch
    private let logger: Logger

    init(_ configuration: Configuration, metrics: PrometheusMetrics, supervisor: SupervisorLink?, logger: Logger) throws {
        let settings = try configuration.load()
        for warning in settings.warnings { logger.warning("\(warning)") }
        let clock = SystemClock()
        let data = try Self.makeFolder(settings.data)
        let log = try MailFlowLog(
            output: settings.log.file.map { .file($0) } ?? .standardOutput, format: settings.log.format == .json ? .json : .logfmt,
            clock: clock)
        let store = try SQLiteStore(folder: data, clock: clock) { logger.warning("\($0)") }
        // After the store, whose lock says that nobody else writes into the folder.
        state = try SQLiteFilterState(
            folder: data, clock: clock, perSpace: settings.state.perDomain, perPlugin: settings.state.perPlugin
        ) { logger.warning("\($0)") }
        let resolver = try Resolvers.make(settings.dns)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(max(1, System.coreCount), 16))
        http = try PooledFetcher(group: group, resolver: resolver, trustRootsFile: settings.httpTrustRoots)
        // The store's lock is ours, so no process has mapped the copies that the last run left.
        try? FileManager.default.removeItem(atPath: data + "/plugins")
        let journal = MappedJournal(folder: data, death: supervisor?.death.map(Self.death), now: clock.now) { text, isBad in
            if isBad { logger.critical("\(text)") } else { logger.warning("\(text)") }
        }
        let filters = try Filters(
            settings, resolver: resolver, copies: data + "/plugins", crashes: data + "/worker-crashes", state: state, http: http,
            journal: journal)
        let host = filters.host
        for failure in filters.unusable { logger.warning("a plugin cannot be used: \(failure)") }

        let policyInForce = LatePolicy(settings.policy)
        let judgeToCome = Late<Inspector>()
        client = SMTPNextHopClient(
            group: group, resolver: resolver, policy: { policyInForce.current.queue }, hostname: { policyInForce.current.hostname },
            isOurs: { policyInForce.current.domains[$0] != nil },
            judge: { if let judge = judgeToCome.value { judge.judge($0, completion: $1) } else { $1(.wait("4.3.0 not started yet")) } },
            judgePeer: {
                if let judge = judgeToCome.value {
                    judge.judge($0, passed: $1, $2, completion: $3)
                } else {
                    $3(.avoid("4.3.0 not started yet"))
                }
            })
        let queueToCome = Late<DeliveryQueue>()
        let ids = QueueIDGenerator(floor: store.highestQueueID)
        let srs = try RewritingSecrets.load(settings.rewritingSecrets, data: data)
        let inspector = Inspector(
            plan: filters.plan, host: host, store: store, log: log, clock: clock, ids: ids,
            verifier: CalloutVerifier(client, clock: clock), authenticator: PasswordAuthenticator(policy: policyInForce),
            journal: journal, spool: store.spool, srs: srs, laterLoop: NIOSerialLoop(group.next(), clock: clock),
            contents: MessageExtractor(), elsewhere: WorkThreads.run
        ) { queueToCome.value?.enqueue($0) }
        judgeToCome.set(inspector)
        let certificates = Certificates()
        let policy = LivePolicy(initial: settings, folder: configuration.folder, loader: configuration.loader) { next in
            try certificates.check(next)
            for failure in host.rescan() { logger.warning("a plugin cannot be used: \(failure)") }
            let workers = host.take(next.workers)
            do { inspector.take(try FilterPlan(snapshot: next.policy, host: host)) } catch {
                host.take(workers)
                throw error
            }
            host.keep(Filters.slots(next.policy))
        }
        policyInForce.set(policy)
        let loop = NIOSerialLoop(group.next(), clock: clock)
        queue = DeliveryQueue(
            store: store, client: client, policy: policy, log: log, loop: loop, seed: UInt64.random(in: .min ... .max),
            makeID: { ids.next(at: $0) }, redirect: { inspector.redirected($0, by: $1) },
            outcomes: inspector
        ) { stored, then in
            loop.run { Reinspection.run(stored, by: inspector, on: loop, then: then) }
        }
        queueToCome.set(queue)
        server = SMTPServer(
            group: group, policy: policy, inspectors: inspector, log: log, clock: clock, spool: store.spool,
            sockets: supervisor ?? UnkeptSockets())

        self.settings = settings
        self.metrics = metrics
        self.supervisor = supervisor
        self.logger = logger
        self.clock = clock
        self.log = log
        self.store = store
        self.host = host
        self.group = group
        loops = LoopWatch(group, journal: journal, isSupervised: supervisor != nil, logger: logger)
        self.policy = policy
        self.inspector = inspector
        self.certificates = certificates
        startedAt = clock.now
    }

    /// Opens the listeners. What the last run left is taken up beside the mail that comes.
    func start() async throws {
        // Before the first message is accepted, so that it knows what was there.
        queue.start { [logger] result in
            switch result {
            case .success(let taken): if taken > 0 { logger.notice("took up \(taken) messages of the queue") }
            case .failure(let failure): logger.notice("\(failure)")
            }
        }
        let listeners = try Listeners.make(settings.listeners, certificates)
        for warning in certificates.warnings(at: clock.now, places: settings.certificatePlaces) { logger.warning("\(warning)") }
        certificates.watch(logger, clock: clock)
        let addresses = try await server.start(listeners)
        for (listener, address) in zip(settings.listeners, addresses) {
            logger.notice("listening", metadata: ["address": "\(address)", "role": "\(listener.role)", "tls": "\(listener.tls != nil)"])
        }
        try policy.watchFiles { [logger, certificates] result in
            // A certificate is taken whatever the other files say.
            certificates.reload(logger)
            switch result {
            case .success(let taken): logger.notice("took changed files: generation \(taken.settings.policy.generation)")
            case .failure(let errors): logger.error("refused changed files, the old configuration stays: \(errors)")
            }
        }
        loops.start()
        isReady.store(true, ordering: .relaxed)
        supervisor?.isReady()
    }

    /// No new sessions; those under way end.
    func stopReceiving() async {
        isReady.store(false, ordering: .relaxed)
        policy.stopWatching()
        certificates.stop()
        await server.stop()
    }

    /// No new attempts; those under way end.
    func stopDelivering() async {
        guard isDelivering.exchange(false, ordering: .relaxed) else { return }
        async let quiet: Void = withCheckedContinuation { done in queue.stop { done.resume() } }
        await client.shutdown(within: policy.current.limits.drain)
        await quiet
    }

    /// The last step: everything that was promised is on disk.
    func close() async {
        await withCheckedContinuation { done in http.close { done.resume() } }
        state.close()
        store.close()
        log.close()
        loops.stop()
        try? await group.shutdownGracefully()
    }

    func reopenLog() { log.reopen() }

    /// On a thread of its own: it reads files and loads libraries, and a library may take as long as it likes.
    func reload() async -> Result<LivePolicy.Taken, SettingsErrors> {
        await withCheckedContinuation { done in
            Self.reloads.async { [policy, certificates, logger, clock] in
                certificates.reload(logger)
                done.resume(
                    returning: policy.reload().map { taken in
                        var taken = taken
                        taken.warnings += certificates.warnings(at: clock.now, places: taken.settings.certificatePlaces)
                        return taken
                    })
            }
        }
    }

    private static let reloads = DispatchQueue(label: "postern.reload")

    private static func death(_ death: SupervisorLink.Death) -> ProcessDeath {
        ProcessDeath(pid: death.pid, how: "\(death.exit)", isCrash: death.exit.isCrash)
    }

    /// Makes the data folder, for our own eyes only, and gives its absolute path.
    private static func makeFolder(_ path: String) throws -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw StartFailure("cannot make the data folder \(path): \(error.localizedDescription); correct `data` or its rights") }
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
