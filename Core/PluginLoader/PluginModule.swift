import CPostern
import Dispatch
import Mail

/// A library that was loaded and started: its module. Lives as long as an instance of it or its home needs it; then `unload` is called, and the
/// library stays mapped.
public final class PluginModule: @unchecked Sendable {
    // Sendable: nothing changes after init; [config] functions run under `configuration`.
    public let manifest: FilterManifest
    public let home: any RunHome
    let rules: VerdictDraft.Rules
    let services: ServiceTables
    let library: Library
    private let module: OpaquePointer?
    /// [config] functions of a module never run at the same time.
    private let configuration: DispatchQueue

    /// Maps `copy`, a file that nobody changes any more, and calls `load`. `name`: how the operator knows the file. Runs the library's
    /// constructors: a worker is sandboxed before.
    public init(copy: String, name: String, manifest: FilterManifest, home: any RunHome) throws(LoadFailure) {
        if let missing = manifest.requires.first(where: { !ServiceTables.known.contains($0) }) {
            throw LoadFailure(
                name, "needs the extension \(missing), which this Postern lacks (it has \(ServiceTables.known.joined(separator: ", ")))")
        }
        let library = try Library(copy: copy, name: name, manifest: manifest)
        let services = ServiceTables(manifest: manifest, home: home)
        var module: OpaquePointer?
        if library.has(\postern_entry.load), let load = library.entry.pointee.load {
            let problems = ProblemList()
            let status = problems.collect { load(library.entry, services.host, $0, &module) }
            guard status == POSTERN_OK else { throw LoadFailure(name, "could not be started: \(problems.text(status))") }
        }
        services.metrics.seal()
        self.manifest = manifest
        self.home = home
        rules = VerdictDraft.Rules(manifest)
        self.services = services
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

    /// An instance with these settings, or the problems that the plugin has with them.
    public func makeInstance(_ settings: JSONValue) -> Result<ModuleInstance, SettingsRefusal> {
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
            if status == POSTERN_OK { return .success(ModuleInstance(self, instance, settings: settings)) }
            return .failure(SettingsRefusal(problems: problems.found(status)))
        }
    }

    func destroy(_ instance: OpaquePointer?) {
        nonisolated(unsafe) let instance = instance
        configuration.async { [self] in library.plugin.pointee.destroy_instance?(instance) }
    }

    /// What the plugin says of settings beyond its schema; empty when all is well.
    public func check(_ settings: JSONValue) -> [SettingsProblem] {
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
