import Glibc
import Logging
import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// A library as it runs in workers: one that serves, and after its death another, with a third beside it in which what was under way is
/// tried again, run by run.
final class WorkerGeneration: PluginGeneration, @unchecked Sendable {
    // Sendable: `state` has its lock; what is said to be the reactor's thread's is.
    let number: Int
    let digest: String
    let manifest: FilterManifest
    let stats: PluginStats
    let instances = Atomic(0)
    /// Path of `postern-worker`.
    let program: String
    let orders: WorkerOrders
    let limits: WorkerLimits
    /// An open descriptor of the copy.
    let library: Int32
    let services: GatewayServices
    let crashes: CrashList
    let reactor: WorkerReactor
    /// In the home `worker-per-domain`.
    let places: WorkerPlaces?
    let logger: Logger
    let rules: VerdictDraft.Rules
    /// What it logs and what it prints: one does not drown the other.
    let logged = LineBudget()
    let printed = LineBudget()
    let state = Mutex(State())
    // Of the reactor's thread.
    var replay = Replay()
    /// As the first worker defined them.
    var metrics: [UInt32: (definition: MetricDefinition, output: PublishedMetric)] = [:]
    /// What is asked about settings, by their ID; until there is an answer, or nobody waits for it.
    var questions: [UInt32: Question] = [:]
    /// Until then no worker is started again, since the last ones died young.
    var pause = Duration.zero
    var pausedUntil: UInt64?
    /// Workers in a row that ended while they started.
    var endedStarts = 0

    struct State {
        /// Ready, with all instances.
        var serving: WorkerProcess?
        var isStarting = false
        var cage: [String] = []
        var settings: [UInt32: Settings] = [:]
        /// What the serving worker may read.
        var granted: Set<String> = []
        /// Those that serve no new runs, until their last is over.
        var retiring: [WorkerProcess] = []
        /// Paths in settings that are only checked.
        var checked: [UInt32: [String]] = [:]
        /// Instances whose settings were refused at a restart.
        var refused: Set<UInt32> = []
        var starting: WorkerProcess?
        var lastInstance: UInt32 = 0
        var lastRun: UInt64 = 0
        var runs: [UInt64: Entry] = [:]
        var waiting: [WorkerRun] = []
        /// Who waits for the answer of [config] functions.
        var answers: [UInt32: @Sendable (Result<[SettingsProblem], SettingsRefusal>) -> Void] = [:]
        var breaker = Breaker()
        var rest: PluginRest?
    }

    /// Of one instance.
    struct Settings {
        var text: String
        /// Files and folders that they name.
        var paths: [String]
    }

    struct Entry {
        var run: WorkerRun
        var process: WorkerProcess
    }

    /// What is tried again: each run alone in a worker, a few at a time.
    struct Replay {
        var queue: [WorkerRun] = []
        var underWay = 0
    }

    init(
        number: Int, files: PluginFiles, copies: LibraryCopies, program: String, orders: WorkerOrders, limits: WorkerLimits,
        stats: PluginStats, services: GatewayServices, crashes: CrashList, reactor: WorkerReactor, places: WorkerPlaces?,
        logger: Logger
    ) throws(LoadFailure) {
        let copy = try copies.take(files.libraryPath)
        library = open(copy.path, O_RDONLY | O_CLOEXEC)
        guard library >= 0 else { throw LoadFailure(files.libraryPath, "its copy cannot be opened: \(String(cString: strerror(errno)))") }
        self.number = number
        digest = copy.digest
        manifest = files.manifest
        rules = VerdictDraft.Rules(files.manifest)
        self.program = program
        self.orders = orders
        self.limits = limits
        self.stats = stats
        self.services = services
        self.crashes = crashes
        self.reactor = reactor
        self.places = places
        var logger = logger
        logger[metadataKey: "plugin"] = .string(files.manifest.id)
        self.logger = logger
    }

    deinit {
        close(library)
        let (serving, starting, retiring) = state.withLock { ($0.serving, $0.starting, $0.retiring) }
        reactor.execute {
            for process in retiring { process.end(Self.notNeeded) }
            serving?.end(Self.notNeeded)
            starting?.end(Self.notNeeded)
        }
    }

    var instanceCount: Int { instances.load(ordering: .relaxed) }
    /// Of the serving worker; empty while there is none.
    var cage: [String] { state.withLock(\.cage) }
    var pid: Int32? { state.withLock { $0.serving?.pid } }
    var workerLimits: WorkerLimits? { limits }
    var rest: PluginRest? { state.withLock(\.rest) }

    // MARK: Runs. Any thread

    func start(
        _ instance: UInt32, _ egress: Egress, _ call: FilterCall, on loop: any SerialLoop,
        events: @escaping @Sendable (FilterRunEvent) -> Void
    ) -> WorkerRun {
        let number = state.withLock { state in
            state.lastRun += 1
            return state.lastRun
        }
        let run = WorkerRun(number, instance: instance, egress: egress, call, on: loop, of: self, events: events)
        if let objection = crashes.objection(to: call, plugin: manifest.id, library: digest) {
            run.finish(run.verdict(.crash, objection))
            return run
        }
        let (process, refusal) = state.withLock { state -> (WorkerProcess?, String?) in
            if let refusal = state.breaker.refusal(for: CallOrigin(call), at: loop.uptime) { return (nil, refusal) }
            if state.refused.contains(instance) { return (nil, Self.refusesSettings) }
            if let process = state.serving {
                state.runs[number] = Entry(run: run, process: process)
                return (process, nil)
            }
            state.waiting.append(run)
            return (nil, nil)
        }
        if let refusal {
            run.finish(run.verdict(.error, refusal))
        } else if let process {
            enter(run, process, after: 0)
        } else {
            reactor.execute { [self] in startServing() }
        }
        return run
    }

    /// Any thread.
    func enter(_ run: WorkerRun, _ process: WorkerProcess, after departures: Int) {
        if run.enter(process, after: departures) { return }
        state.withLock { if $0.runs[run.number]?.process === process { $0.runs[run.number] = nil } }
    }

    /// The run is over for its session; the worker has to come back from it.
    func cancelled(_ run: WorkerRun, in process: WorkerProcess?) {
        // Its session waits no longer, but whether it ends this worker too is worth knowing: what took so long may have been the plugin's
        // start.
        if run.isReplayed {
            if let process { reactor.execute { [self] in goOn(run, in: process) } }
            return
        }
        guard let process else {
            return state.withLock { state in
                state.waiting.removeAll { $0 === run }
                // It was to enter a worker, and will not.
                state.runs[run.number] = nil
            }
        }
        cancel(run, in: process)
    }

    func cancel(_ run: WorkerRun, in process: WorkerProcess) {
        process.send(GatewayMessage.cancel(run: run.number).record)
        let grace = limits.grace
        reactor.execute { [weak self] in
            self?.reactor.after(grace) { [weak self] in
                guard let self, state.withLock({ $0.runs[run.number]?.process === process }) else { return }
                // Once may be an accident.
                crashes.addHang(run.call, plugin: manifest.id, library: digest, now: run.loop.now)
                failed(
                    run,
                    "did not come back from `\(run.call.slotName)` within \(grace.inTenths) after it was cancelled, in worker \(process.pid)"
                )
                process.end(Self.didNotReturn)
            }
        }
    }
}
