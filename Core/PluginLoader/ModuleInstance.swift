import CPostern
import Mail
import Synchronization

/// A module with settings. Any thread.
public final class ModuleInstance: @unchecked Sendable {
    // Sendable: nothing changes after init but `gates`, which has its lock.
    public let module: PluginModule
    let pointer: OpaquePointer?
    let egress: Egress
    private let whole: SerialGate?
    /// By session, while calls of it are under way; nil where they cannot overlap.
    private let gates: Mutex<[UInt64: WeakGate]>?

    private struct WeakGate { weak var gate: SerialGate? }

    init(_ module: PluginModule, _ pointer: OpaquePointer?, settings: JSONValue) {
        egress = Egress(module.manifest.egress, settings: settings)
        self.module = module
        self.pointer = pointer
        whole = module.manifest.concurrency == .serial ? SerialGate() : nil
        gates = module.manifest.concurrency == .perSession ? Mutex([:]) : nil
    }

    deinit { module.destroy(pointer) }

    /// What lets a call of this session in; nil: nobody has to wait. A run keeps what it gets.
    func gate(of session: UInt64) -> SerialGate? {
        if let whole { return whole }
        return gates?.withLock { gates in
            if let gate = gates[session]?.gate { return gate }
            if gates.count > 1024 { gates = gates.filter { $0.value.gate != nil } }
            let gate = SerialGate()
            gates[session] = WeakGate(gate: gate)
            return gate
        }
    }
}
