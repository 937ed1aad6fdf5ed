import Logging
import Mail
import PluginLoader
import Synchronization

/// A library as it was loaded once into the gateway's process.
final class HostGeneration: PluginGeneration {
    let number: Int
    let digest: String
    let stats: PluginStats
    let instances = Atomic(0)
    private let module: PluginModule
    private let pool: ThreadPool

    var manifest: FilterManifest { module.manifest }
    var instanceCount: Int { instances.load(ordering: .relaxed) }
    var cage: [String] { [] }
    var pid: Int32? { nil }
    var workerLimits: WorkerLimits? { nil }
    var rest: PluginRest? { nil }

    init(
        number: Int, files: PluginFiles, copies: LibraryCopies, stats: PluginStats, services: GatewayServices,
        journal: any InFlightJournal, pool: ThreadPool, logger: Logger
    ) throws(LoadFailure) {
        let copy = try copies.take(files.libraryPath)
        let home = HostHome(files.manifest, services: services, journal: journal, stats: stats, logger: logger)
        module = try PluginModule(copy: copy.path, name: files.libraryPath, manifest: files.manifest, home: home)
        self.number = number
        digest = copy.digest
        self.stats = stats
        self.pool = pool
    }

    /// `digest`: of the settings.
    func makeInstance(_ settings: JSONValue, digest: String) -> Result<any FilterInstance, SettingsRefusal> {
        module.makeInstance(settings).map { PluginInstance(generation: self, instance: $0, digest: digest, pool: pool) }
    }

    func check(_ settings: JSONValue) -> [SettingsProblem] { module.check(settings) }
}
