import Glibc
import Logging
import PluginLoader
import Synchronization
import WorkerLink

/// How workers are made: one reactor for all, started when the first is needed.
final class Workers: Sendable {
    private let limits: WorkerLimits
    private let crashes: CrashList
    private let reactor = Mutex<WorkerReactor?>(nil)
    private let lastFolder = Atomic(0)

    init(_ limits: WorkerLimits) {
        self.limits = limits
        crashes = CrashList(path: limits.crashes)
    }

    deinit { reactor.withLock { $0?.stop() } }

    func generation(
        number: Int, files: PluginFiles, copies: LibraryCopies, stats: PluginStats, services: GatewayServices, logger: Logger
    ) throws(LoadFailure) -> WorkerGeneration {
        guard access(limits.path, X_OK) == 0 else {
            throw LoadFailure(
                files.libraryPath,
                "needs a worker, and its program \(limits.path) is missing or cannot be run: install it beside `postern`")
        }
        let reactor = self.reactor.withLock { reactor in
            if reactor == nil { reactor = WorkerReactor() }
            return reactor
        }
        guard let reactor else { throw LoadFailure(files.libraryPath, "needs a worker, and no descriptor is left to watch one") }
        var orders = WorkerOrders(
            libraryName: files.libraryPath, manifest: files.manifestBytes, manifestName: files.manifestPath, threads: limits.threads,
            memory: limits.memory)
        orders.temporaryBytes = limits.temporaryBytes
        if geteuid() == 0 {
            orders.user = limits.user
            orders.group = limits.group
        }
        return try WorkerGeneration(
            number: number, files: files, copies: copies, orders: orders, limits: limits, stats: stats, services: services,
            crashes: crashes, reactor: reactor, logger: logger)
    }
}
