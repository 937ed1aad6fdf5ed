import CPostern

/// The glue between the ABI's entry and a `Filter` type. A plugin's whole entry file:
///
///     let plugin = Plugin(HelloFilter.self, id: "hello", version: "1.0.0")
///
///     @c(postern_plugin_entry)
///     public func entry(_ hostMajor: UInt32) -> PluginEntry? { plugin.entry(hostMajor) }
public final class Plugin: @unchecked Sendable {
    // Sendable: nothing is written after init.
    private let memory: UnsafeMutablePointer<Storage>

    /// What the entry function returns: the host's C side reads the first field, we find the type behind it.
    private struct Storage {
        var entry: postern_entry
        var type: any Filter.Type
    }

    /// `id` and `version` as in the manifest, ASCII.
    public init(_ type: any Filter.Type, id: StaticString, version: StaticString) {
        let table = UnsafeMutablePointer<postern_plugin>.allocate(capacity: 1)
        table.initialize(to: Self.functions)
        var entry = postern_entry()
        entry.size = UInt32(MemoryLayout<postern_entry>.size)
        entry.abi_major = POSTERN_ABI_MAJOR
        entry.abi_minor = POSTERN_ABI_MINOR
        entry.id = UnsafeRawPointer(id.utf8Start).assumingMemoryBound(to: CChar.self)
        entry.version = UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
        entry.plugin = UnsafePointer(table)
        entry.load = { entry, host, problems, module in
            guard let entry, let host, let module else { return POSTERN_INVALID }
            let type = UnsafeRawPointer(entry).assumingMemoryBound(to: Storage.self).pointee.type
            var own = Host(host)
            if let refused = own.define(type.metrics) {
                "".withBytes { none in "the host refuses the metric \(refused)".withBytes { problems?.pointee.add(problems, none, $0) } }
                return POSTERN_FAILED
            }
            module.pointee = OpaquePointer(Unmanaged.passRetained(Module(type: type, host: own)).toOpaque())
            return POSTERN_OK
        }
        entry.unload = { module in
            if let module { Unmanaged<Module>.fromOpaque(UnsafeRawPointer(module)).release() }
        }
        memory = .allocate(capacity: 1)
        memory.initialize(to: Storage(entry: entry, type: type))
    }

    /// nil when the host speaks another major.
    public func entry(_ hostMajor: UInt32) -> PluginEntry? {
        hostMajor == POSTERN_ABI_MAJOR ? UnsafeRawPointer(memory).assumingMemoryBound(to: postern_entry.self) : nil
    }

    private static let functions = postern_plugin(
        size: UInt32(MemoryLayout<postern_plugin>.size), reserved: 0,
        create_instance: { module, settings, problems, instance in
            guard let module, let instance else { return POSTERN_INVALID }
            let owner = Unmanaged<Module>.fromOpaque(UnsafeRawPointer(module)).takeUnretainedValue()
            guard let filter = owner.make(settings, problems) else { return POSTERN_FAILED }
            instance.pointee = OpaquePointer(Unmanaged.passRetained(Instance(filter: filter, host: owner.host)).toOpaque())
            return POSTERN_OK
        },
        destroy_instance: { instance in
            if let instance { Unmanaged<Instance>.fromOpaque(UnsafeRawPointer(instance)).release() }
        },
        on_phase: { instance, call, frame, out in
            guard let instance, let call, let frame, let out else { return POSTERN_DONE }
            return Unmanaged<Instance>.fromOpaque(UnsafeRawPointer(instance))._withUnsafeGuaranteedRef { $0.step(call, frame, out) }
        },
        check_config: { module, settings, problems in
            guard let module else { return POSTERN_INVALID }
            let owner = Unmanaged<Module>.fromOpaque(UnsafeRawPointer(module)).takeUnretainedValue()
            return owner.check(settings, problems) ? POSTERN_OK : POSTERN_FAILED
        })
}

/// What the exported function returns.
public typealias PluginEntry = UnsafePointer<postern_entry>

/// A loaded library's module: makes filters from settings.
private final class Module {
    let type: any Filter.Type
    let host: Host

    init(type: any Filter.Type, host: Host) {
        self.type = type
        self.host = host
    }

    func make(_ json: postern_bytes, _ problems: UnsafeMutablePointer<postern_problems>?) -> (any Filter)? {
        reporting(problems) { try type.init(settings: Settings(json: json.buffer), host: host) }
    }

    func check(_ json: postern_bytes, _ problems: UnsafeMutablePointer<postern_problems>?) -> Bool {
        reporting(problems) { try type.check(settings: Settings(json: json.buffer), host: host) } != nil
    }

    private func reporting<R>(_ problems: UnsafeMutablePointer<postern_problems>?, _ body: () throws -> R) -> R? {
        func report(_ pointer: String, _ text: String) {
            pointer.withBytes { pointer in text.withBytes { problems?.pointee.add(problems, pointer, $0) } }
        }
        do {
            return try body()
        } catch let error as SettingsError {
            report(error.pointer, error.text)
        } catch let error as SettingsProblems {
            for problem in error.problems { report(problem.pointer, problem.text) }
        } catch {
            report("", "\(error)")
        }
        return nil
    }
}

/// A filter as the ABI sees it: START makes a run, RESUME feeds it, CANCEL ends it.
private final class Instance {
    let filter: any Filter
    let host: Host

    init(filter: any Filter, host: Host) {
        self.filter = filter
        self.host = host
    }

    func step(
        _ call: UnsafePointer<postern_call>, _ frame: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
        _ out: UnsafeMutablePointer<postern_verdict_builder>
    ) -> postern_step {
        let run: Call
        if let opaque = frame.pointee {
            run = Unmanaged<Call>.fromOpaque(opaque).takeUnretainedValue()
        } else {
            run = Call(call, host)
            frame.pointee = Unmanaged.passRetained(run).toOpaque()
        }
        let step = run.step(call, out, filter)
        if step == POSTERN_DONE {
            frame.pointee = nil
            Unmanaged.passUnretained(run).release()
        }
        return step
    }
}
