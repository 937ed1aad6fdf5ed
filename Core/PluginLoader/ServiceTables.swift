import CPostern
import Glibc
import Mail

/// The host's side of the ABI for one loaded library: the host table and the services that its manifest names, as C structs that live as
/// long as the module. The C functions find the run through `postern_call.run`; what needs the home goes to it.
final class ServiceTables: @unchecked Sendable {
    // Sendable: tables that are never written after init; the rest is Sendable itself.
    let host: UnsafeMutablePointer<postern_host>
    let home: any RunHome
    let cache = DigestCache()
    let metrics: PluginMetrics
    let tokens = TokenBoard()
    let budget = LineBudget()
    /// By ID: what the manifest does not declare is not there.
    private var tables: [String: UnsafeMutableRawPointer] = [:]

    static let known = [
        POSTERN_EXT_DNS, POSTERN_EXT_STATE, POSTERN_EXT_HTTP, POSTERN_EXT_TIMER, POSTERN_EXT_TOKEN, POSTERN_EXT_VERDICTS,
        POSTERN_EXT_LOG, POSTERN_EXT_METRICS, POSTERN_EXT_CACHE, POSTERN_EXT_CLOCK, POSTERN_EXT_RANDOM,
    ]
    // Never freed: plugins may keep it.
    nonisolated(unsafe) private static let name = UnsafePointer(strdup("postern host")!)

    init(manifest: FilterManifest, home: any RunHome) {
        self.home = home
        metrics = PluginMetrics { home.makeMetric($0) }
        host = .allocate(capacity: 1)
        let me = Unmanaged.passUnretained(self).toOpaque()
        host.initialize(
            to: postern_host(
                size: UInt32(MemoryLayout<postern_host>.size), abi_major: POSTERN_ABI_MAJOR, abi_minor: POSTERN_ABI_MINOR, reserved: 0,
                context: me, name: Self.name,
                extension: { host, id in
                    guard let context = host?.pointee.context, let id else { return nil }
                    return Unmanaged<ServiceTables>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.table(String(cString: id)) }
                },
                view: { call, ref, out in
                    guard let call, let out else { return POSTERN_INVALID }
                    return CallMemory.of(call)._withUnsafeGuaranteedRef { $0.view(ref, out) }
                },
                cancelled: { call in
                    guard let call else { return 1 }
                    return CallMemory.of(call)._withUnsafeGuaranteedRef { $0.isCancelled.load(ordering: .relaxed) ? 1 : 0 }
                },
                cancel_operation: { call, operation in ServiceTables.run(call) { $0.cancelOperation(operation) } }))
        for id in Set(manifest.requires).union(manifest.optional) { add(id, me) }
    }

    deinit {
        host.deallocate()
        for table in tables.values { table.deallocate() }
    }

    private func add(_ id: String, _ me: UnsafeMutableRawPointer) {
        switch id {
        case POSTERN_EXT_DNS: keep(id, Self.dns)
        case POSTERN_EXT_STATE: keep(id, Self.state)
        case POSTERN_EXT_HTTP: keep(id, Self.http)
        case POSTERN_EXT_TIMER: keep(id, Self.timer)
        case POSTERN_EXT_TOKEN: keep(id, Self.token(me))
        case POSTERN_EXT_VERDICTS: keep(id, Self.verdicts)
        case POSTERN_EXT_LOG: keep(id, Self.log(me))
        case POSTERN_EXT_METRICS: keep(id, Self.metrics(me))
        case POSTERN_EXT_CACHE: keep(id, Self.cache(me))
        case POSTERN_EXT_CLOCK: keep(id, Self.clock)
        case POSTERN_EXT_RANDOM: keep(id, Self.random(me))
        default: break
        }
    }

    private func keep<T>(_ id: String, _ table: T) {
        let pointer = UnsafeMutablePointer<T>.allocate(capacity: 1)
        pointer.initialize(to: table)
        tables[id] = UnsafeMutableRawPointer(pointer)
    }

    private func table(_ id: String) -> UnsafeRawPointer? { tables[id].map { UnsafeRawPointer($0) } }

    static func run(_ call: UnsafePointer<postern_call>?, _ body: (PluginRun) -> postern_status) -> postern_status {
        guard let call else { return POSTERN_INVALID }
        return PluginRun.of(call)._withUnsafeGuaranteedRef(body)
    }

    /// The tables that a service's `context` belongs to.
    static func of<R>(_ context: UnsafeMutableRawPointer?, else other: R, _ body: (ServiceTables) -> R) -> R {
        guard let context else { return other }
        return Unmanaged<ServiceTables>.fromOpaque(context)._withUnsafeGuaranteedRef(body)
    }
}
