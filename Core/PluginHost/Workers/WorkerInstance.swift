import Mail

/// A plugin with settings, in workers.
final class WorkerInstance: FilterInstance {
    let key: String
    private let generation: WorkerGeneration
    private let id: UInt32
    private let egress: Egress

    var manifest: FilterManifest { generation.manifest }
    var home: FilterManifest.Home { generation.places == nil ? .worker : .workerPerDomain }

    init(generation: WorkerGeneration, id: UInt32, settings: JSONValue, digest: String) {
        egress = Egress(generation.manifest.egress, settings: settings)
        self.generation = generation
        self.id = id
        key = "\(generation.manifest.id)@\(generation.number)w#\(digest)"
        generation.instances.add(1, ordering: .relaxed)
    }

    deinit {
        generation.instances.subtract(1, ordering: .relaxed)
        generation.drop(id)
    }

    func start(_ call: FilterCall, on loop: any SerialLoop, events: @escaping @Sendable (FilterRunEvent) -> Void) -> any FilterRun {
        let stats = generation.stats
        stats.began()
        // The instance lives as long as its last run.
        return generation.start(id, egress, call, on: loop) { [self] event in
            if case .finished = event { stats.ended() }
            withExtendedLifetime(self) { events(event) }
        }
    }
}
