import Mail
import PluginLoader

/// A plugin with settings, in the gateway's own process.
final class PluginInstance: FilterInstance, @unchecked Sendable {
    // Sendable: nothing changes after init.
    let key: String
    let generation: HostGeneration
    private let instance: ModuleInstance
    /// For the class `blocking`.
    private let pool: ThreadPool?

    var manifest: FilterManifest { generation.manifest }
    var home: FilterManifest.Home { .host }

    init(generation: HostGeneration, instance: ModuleInstance, digest: String, pool: ThreadPool) {
        self.generation = generation
        self.instance = instance
        self.pool = generation.manifest.execution == .blocking ? pool : nil
        key = "\(generation.manifest.id)@\(generation.number)#\(digest)"
        generation.instances.add(1, ordering: .relaxed)
    }

    deinit { generation.instances.subtract(1, ordering: .relaxed) }

    func start(_ call: FilterCall, on loop: any SerialLoop, events: @escaping @Sendable (FilterRunEvent) -> Void) -> any FilterRun {
        let stats = generation.stats
        stats.began()
        let counted: @Sendable (FilterRunEvent) -> Void = { event in
            if case .finished = event { stats.ended() }
            events(event)
        }
        if let pool {
            let run = PooledRun(instance, call, on: loop, pool: pool, events: counted)
            run.start()
            return run
        }
        let run = PluginRun(instance, call, on: loop, events: counted)
        run.start()
        return run
    }
}
