import CPostern
import Mail
import PluginLoader

/// A plugin with settings, in the gateway's own process.
final class PluginInstance: FilterInstance, @unchecked Sendable {
    // Sendable: nothing changes after init.
    let key: String
    let generation: Generation
    let pointer: OpaquePointer?
    /// For `serial` plugins. `per-session` needs none: a session's calls all come on its one loop.
    let gate: SerialGate?

    var manifest: FilterManifest { generation.manifest }
    var home: FilterManifest.Home { .host }

    init(generation: Generation, pointer: OpaquePointer?, digest: String) {
        self.generation = generation
        self.pointer = pointer
        key = "\(generation.manifest.id)@\(generation.number)#\(digest)"
        gate = generation.manifest.concurrency == .serial ? SerialGate() : nil
        generation.instances.add(1, ordering: .relaxed)
    }

    deinit { generation.destroy(pointer) }

    func start(_ call: FilterCall, on loop: any SerialLoop, events: @escaping @Sendable (FilterRunEvent) -> Void) -> any FilterRun {
        let run = PluginRun(self, call, loop, events)
        run.start()
        return run
    }
}
