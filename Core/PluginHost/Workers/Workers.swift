import Glibc
import Logging
import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// How workers are made: one reactor for all, started when the first is needed.
final class Workers: Sendable {
    private let program: WorkerProgram
    private let crashes: CrashList
    private let reactor = Mutex<WorkerReactor?>(nil)
    /// By plugin.
    private let places = Mutex<[String: WorkerPlaces]>([:])

    init(_ program: WorkerProgram) {
        self.program = program
        crashes = CrashList(path: program.crashes)
    }

    deinit { reactor.withLock { $0?.stop() } }

    /// `isDomains`: for one domain's mail, in the home `worker-per-domain`.
    func generation(
        number: Int, isDomains: Bool, files: PluginFiles, copies: LibraryCopies, limits: WorkerLimits, stats: PluginStats,
        services: GatewayServices,
        logger: Logger
    ) throws(LoadFailure) -> WorkerGeneration {
        guard access(program.path, X_OK) == 0 else {
            throw LoadFailure(
                files.libraryPath,
                "needs a worker, and its program \(program.path) is missing or cannot be run: install it beside `postern`")
        }
        let reactor = self.reactor.withLock { reactor in
            if reactor == nil {
                reactor = WorkerReactor()
                TemporaryFolders.sweep(limits.users)
            }
            return reactor
        }
        guard let reactor else { throw LoadFailure(files.libraryPath, "needs a worker, and no descriptor is left to watch one") }
        var orders = WorkerOrders(
            libraryName: files.libraryPath, manifest: files.manifestBytes, manifestName: files.manifestPath, threads: limits.threads,
            memory: limits.memory)
        orders.temporaryBytes = limits.temporaryBytes
        let places = isDomains ? self.places(of: files.manifest.id, limits, reactor) : nil
        return try WorkerGeneration(
            number: number, files: files, copies: copies, program: program.path, orders: orders, limits: limits, stats: stats,
            services: services, crashes: crashes, reactor: reactor, places: places, logger: logger)
    }

    private func places(of plugin: String, _ limits: WorkerLimits, _ reactor: WorkerReactor) -> WorkerPlaces {
        let places = places.withLock { all in
            let places = all[plugin] ?? WorkerPlaces(reactor)
            all[plugin] = places
            return places
        }
        places.set(most: limits.mostPerDomain)
        return places
    }
}
