import Crypto
import Foundation
import Logging
import Mail
import PluginLoader
import Synchronization

/// The plugins of the gateway: found in folders, loaded when first needed, run in the gateway's own process or in workers. Any thread.
public final class PluginHost: FilterHost, @unchecked Sendable {
    // Sendable: `plugins` has its lock.
    private let folders: [String]
    private let copies: LibraryCopies
    private let services: GatewayServices
    private let journal: any InFlightJournal
    private let workers: Workers
    private let policy: Mutex<WorkerPolicy>
    private let logger: Logger
    /// For plugins of the class `blocking`.
    private let pool: ThreadPool
    private let plugins = Mutex<[String: Slot]>([:])
    /// Loading and making instances: one at a time, without holding up those who ask for what is there.
    private let making = Mutex<Void>(())

    /// Where a plugin runs.
    private struct Place: Hashable {
        var home: FilterManifest.Home
        /// For a worker of one domain's own.
        var domain: String?
    }

    private struct InstanceKey: Hashable {
        var settings: JSONValue
        var place: Place
    }

    /// What is known of one ID.
    private struct Slot {
        var files: PluginFiles
        var stats: PluginStats
        /// Of the library's file when it was last looked at.
        var fileDigest: String?
        var current: [Place: any PluginGeneration] = [:]
        var lastNumber = 0
        var instances: [InstanceKey: any FilterInstance] = [:]
        /// Older generations that may still have instances.
        var older: [WeakGeneration] = []
    }

    private struct WeakGeneration { weak var generation: (any PluginGeneration)? }

    /// `folders` are searched in order; `copies` is a folder for content-addressed copies of libraries, which only this user may write. Call
    /// `rescan` next. `journal` is told of every call on a message's path in this process; `resolver`, `state` and `http` do what runs ask for;
    /// `workers`: how others are made, and `policy` what they may have.
    public init(
        folders: [String], copies: String, resolver: any Resolver, state: any FilterState = NoFilterState(),
        http: any HTTPFetcher = NoHTTPFetcher(), journal: any InFlightJournal = NoJournal(), workers: WorkerProgram,
        policy: WorkerPolicy = WorkerPolicy(), logger: Logger
    ) {
        self.journal = journal
        self.folders = folders
        self.copies = LibraryCopies(folder: copies)
        services = GatewayServices(resolver: resolver, state: state, http: http)
        self.workers = Workers(workers)
        self.policy = Mutex(policy)
        self.logger = logger
        // More than a few processors need: they may block, and one is kept for whoever comes next.
        pool = ThreadPool(threads: max(4, min(16, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// Looks at the folders again. A plugin whose library or manifest has changed gets a new generation: instances asked for from now on are
    /// of it, runs under way end on the old one. A plugin whose files are gone or bad stays as it is, and is named in what is returned.
    @discardableResult
    public func rescan() -> [LoadFailure] {
        making.withLock { _ in
            var (found, failures) = PluginFiles.discover(in: folders)
            for files in found {
                let digest: String
                do throws(LoadFailure) { digest = try LibraryCopies.digest(of: files.libraryPath) } catch {
                    failures.append(error)
                    continue
                }
                plugins.withLock { plugins in
                    let id = files.manifest.id
                    guard var slot = plugins[id] else {
                        plugins[id] = Slot(files: files, stats: PluginStats(plugin: id), fileDigest: digest)
                        return
                    }
                    if slot.fileDigest != digest || slot.files.manifest != files.manifest {
                        slot.older += slot.current.values.map { WeakGeneration(generation: $0) }
                        slot.current = [:]
                        slot.instances = [:]
                    }
                    slot.files = files
                    slot.fileDigest = digest
                    plugins[id] = slot
                }
            }
            return failures
        }
    }

    /// What workers may have from now on. Those of a plugin for which it changes are replaced: instances asked for from now on are of a new
    /// generation, runs under way end in the old one. Gives what was in force before.
    @discardableResult
    public func take(_ policy: WorkerPolicy) -> WorkerPolicy {
        making.withLock { _ in
            let old = self.policy.withLock { old in
                defer { old = policy }
                return old
            }
            let dropped = plugins.withLock { plugins in
                var dropped: [any FilterInstance] = []
                for (id, slot) in plugins where policy.limits(of: id) != old.limits(of: id) {
                    for (place, generation) in slot.current where place.home != .host {
                        plugins[id]!.older.append(WeakGeneration(generation: generation))
                        plugins[id]!.current[place] = nil
                    }
                    for (key, instance) in slot.instances where key.place.home != .host {
                        plugins[id]!.instances[key] = nil
                        dropped.append(instance)
                    }
                }
                return dropped
            }
            // Freed here, outside of the lock.
            withExtendedLifetime(dropped) {}
            return old
        }
    }

    // MARK: FilterCatalogue

    public func manifest(of plugin: String) -> FilterManifest? { plugins.withLock { $0[plugin]?.files.manifest } }

    public var pluginNames: [String] { plugins.withLock { $0.keys.sorted() } }

    // MARK: FilterHost

    public func instance(for slot: FilterSlot) throws -> any FilterInstance { try instance(for: slot, in: nil) }

    public func instance(for slot: FilterSlot, of domain: String) throws -> any FilterInstance { try instance(for: slot, in: domain) }

    private func instance(for slot: FilterSlot, in domain: String?) throws -> any FilterInstance {
        let key = InstanceKey(settings: slot.settings, place: place(of: slot, domain))
        if let there = plugins.withLock({ $0[slot.plugin]?.instances[key] }) { return there }
        return try making.withLock { _ in
            if let there = plugins.withLock({ $0[slot.plugin]?.instances[key] }) { return there }
            let generation = try generation(of: slot.plugin, in: key.place)
            let digest = SHA256.hash(data: Data(slot.settings.canonical.utf8)).prefix(8)
                .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            switch generation.makeInstance(slot.settings, digest: digest) {
            case .failure(let refusal) where refusal.isPluginsWord:
                throw LoadFailure("filter \(slot.name)", "\(slot.plugin) refuses its settings: \(refusal)")
            case .failure(let refusal):
                let path = plugins.withLock { $0[slot.plugin]?.files.libraryPath } ?? slot.plugin
                throw LoadFailure(path, "\(refusal) (filter \(slot.name))")
            case .success(let made):
                plugins.withLock { $0[slot.plugin]?.instances[key] = made }
                return made
            }
        }
    }

    /// What the plugin says of a slot's settings beyond its schema (`check_config`). Throws when the plugin cannot be loaded.
    public func problems(in slot: FilterSlot) throws -> [SettingsProblem] {
        try making.withLock { _ in try generation(of: slot.plugin, in: place(of: slot, nil)).check(slot.settings) }
    }

    /// Lets go of instances that none of these slots needs; those in use live on until their last run ends.
    public func keep(_ slots: some Sequence<FilterSlot>) {
        var wanted: [String: Set<InstanceKey>] = [:]
        for slot in slots {
            wanted[slot.plugin, default: []].insert(InstanceKey(settings: slot.settings, place: place(of: slot, nil)))
        }
        let dropped = plugins.withLock { plugins in
            var dropped: [any FilterInstance] = []
            for id in plugins.keys {
                for (key, instance) in plugins[id]!.instances {
                    // A domain that is gone takes its worker along only when its settings go too: an idle one ends by itself.
                    let shared = InstanceKey(settings: key.settings, place: Place(home: key.place.home))
                    guard wanted[id]?.contains(shared) != true else { continue }
                    plugins[id]!.instances[key] = nil
                    dropped.append(instance)
                }
            }
            return dropped
        }
        // Freed here, outside of the lock.
        withExtendedLifetime(dropped) {}
    }

    /// For `postern plugin list`, by ID.
    public func list() -> [PluginStatus] {
        plugins.withLock { plugins in
            plugins.values.map { slot in
                let counts = slot.stats.snapshot()
                let current = slot.current.values.sorted { $0.number < $1.number }
                let held = slot.older.compactMap(\.generation) + current
                let homes = Set(slot.current.keys.map(\.home))
                return PluginStatus(
                    id: slot.files.manifest.id, version: slot.files.manifest.version, vendor: slot.files.manifest.vendor,
                    home: homes.count == 1 ? homes.first! : slot.files.manifest.recommendedHome,
                    libraryPath: slot.files.libraryPath, digest: current.last?.digest ?? "", generation: current.last?.number ?? 0,
                    generationsHeld: Set(held.map(\.number)).count, instances: held.reduce(0) { $0 + $1.instanceCount },
                    running: counts.running,
                    calls: counts.calls, slowCalls: counts.slow, faults: counts.faults, p50: counts.p50, p99: counts.p99,
                    workers: current.compactMap(\.pid), cage: current.map(\.cage).first { !$0.isEmpty } ?? [],
                    limits: current.lazy.compactMap(\.workerLimits).first,
                    rest: current.compactMap(\.rest).max { $0.until < $1.until })
            }
        }.sorted { $0.id < $1.id }
    }

    private func place(of slot: FilterSlot, _ domain: String?) -> Place {
        let home = slot.home ?? manifest(of: slot.plugin)?.recommendedHome ?? .host
        return Place(home: home, domain: home == .workerPerDomain ? domain : nil)
    }

    /// Call with `making` held.
    private func generation(of plugin: String, in place: Place) throws(LoadFailure) -> any PluginGeneration {
        guard let slot = plugins.withLock({ $0[plugin] }) else {
            throw LoadFailure("filter \(plugin)", "there is no such plugin in \(folders.joined(separator: ", "))")
        }
        if let current = slot.current[place] { return current }
        guard slot.files.manifest.homes.contains(place.home) else {
            throw LoadFailure(
                slot.files.libraryPath,
                "allows no home '\(place.home.rawValue)', but \(slot.files.manifest.homes.map(\.rawValue).joined(separator: ", "))")
        }
        // Those of several domains are one generation.
        let number = slot.current.first { $0.key.home == place.home }?.value.number ?? slot.lastNumber + 1
        let made: any PluginGeneration =
            switch place.home {
            case .host:
                try HostGeneration(
                    number: number, files: slot.files, copies: copies, stats: slot.stats, services: services, journal: journal, pool: pool,
                    logger: logger)
            case .worker, .workerPerDomain:
                try workers.generation(
                    number: number, isDomains: place.home == .workerPerDomain, files: slot.files, copies: copies,
                    limits: policy.withLock { $0.limits(of: plugin) },
                    stats: slot.stats, services: services, logger: logger)
            }
        plugins.withLock {
            $0[plugin]?.current[place] = made
            $0[plugin]?.lastNumber = max(slot.lastNumber, number)
            $0[plugin]?.older.removeAll { $0.generation == nil }
        }
        return made
    }
}
