import CPostern
import Dispatch
import Logging
import Mail
import PluginLoader
import Synchronization

/// A library as it was loaded once, with its module. Lives as long as an instance of it or the host needs it; then `unload` is called, and
/// the library stays mapped.
final class Generation: @unchecked Sendable {
    // Sendable: nothing changes after init but what is atomic; [config] functions run under `configuration`.
    let number: Int
    let digest: String
    let manifest: FilterManifest
    let rules: VerdictDraft.Rules
    let stats: PluginStats
    let services: ServiceTables
    let journal: any InFlightJournal
    let library: Library
    let instances = Atomic(0)
    private let module: OpaquePointer?
    /// [config] functions of a module never run at the same time.
    private let configuration: DispatchQueue

    init(
        number: Int, files: PluginFiles, copies: LibraryCopies, stats: PluginStats, resolver: any Resolver, journal: any InFlightJournal,
        logger: Logger
    ) throws(LoadFailure) {
        let manifest = files.manifest
        if let missing = manifest.requires.first(where: { !ServiceTables.known.contains($0) }) {
            throw LoadFailure(
                files.libraryPath,
                "needs the extension \(missing), which this Postern lacks (it has \(ServiceTables.known.joined(separator: ", ")))")
        }
        guard manifest.homes.contains(.host), manifest.execution == .nonblocking else {
            throw LoadFailure(
                files.libraryPath,
                manifest.execution == .blocking
                    ? "is of the class 'blocking', which needs a worker; this Postern runs plugins in its own process only"
                    : "allows no home but a worker; this Postern runs plugins in its own process only")
        }
        let copy = try copies.take(files.libraryPath)
        let library = try Library(copy: copy.path, name: files.libraryPath, manifest: manifest)
        var logger = logger
        logger[metadataKey: "plugin"] = .string(manifest.id)
        let services = ServiceTables(manifest: manifest, resolver: resolver, logger: logger)

        var module: OpaquePointer?
        if library.has(\postern_entry.load), let load = library.entry.pointee.load {
            let problems = ProblemList()
            let status = problems.collect { load(library.entry, services.host, $0, &module) }
            guard status == POSTERN_OK else { throw LoadFailure(files.libraryPath, "could not be started: \(problems.text(status))") }
        }
        self.number = number
        digest = copy.digest
        self.manifest = manifest
        rules = VerdictDraft.Rules(manifest)
        self.stats = stats
        self.services = services
        self.journal = journal
        self.library = library
        self.module = module
        configuration = DispatchQueue(label: "postern.plugin.\(manifest.id)")
    }

    deinit {
        guard library.has(\.unload), let unload = library.entry.pointee.unload else { return }
        nonisolated(unsafe) let module = self.module
        let services = self.services
        configuration.async {
            unload(module)
            withExtendedLifetime(services) {}
        }
    }

    /// A pointer from the plugin, or the problems that it has with the settings.
    func createInstance(_ settings: JSONValue) -> Result<OpaquePointer?, SettingsRefusal> {
        var text = settings.canonical
        return configuration.sync {
            let problems = ProblemList()
            var instance: OpaquePointer?
            let status = problems.collect { sink in
                text.withUTF8 { bytes in
                    library.plugin.pointee.create_instance(
                        module, postern_bytes(data: bytes.baseAddress, length: UInt64(bytes.count)), sink, &instance)
                }
            }
            return status == POSTERN_OK ? .success(instance) : .failure(SettingsRefusal(problems: problems.found(status)))
        }
    }

    func destroy(_ instance: OpaquePointer?) {
        nonisolated(unsafe) let instance = instance
        configuration.async { [self] in
            library.plugin.pointee.destroy_instance?(instance)
            instances.subtract(1, ordering: .relaxed)
        }
    }

    /// What the plugin says of settings beyond its schema; empty when all is well.
    func check(_ settings: JSONValue) -> [SettingsProblem] {
        guard library.has(\.check_config), let check = library.plugin.pointee.check_config else { return [] }
        var text = settings.canonical
        return configuration.sync {
            let problems = ProblemList()
            let status = problems.collect { sink in
                text.withUTF8 { check(module, postern_bytes(data: $0.baseAddress, length: UInt64($0.count)), sink) }
            }
            return status == POSTERN_OK ? problems.found : problems.found(status)
        }
    }
}
