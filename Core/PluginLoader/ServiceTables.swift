import CPostern
import Glibc
import Mail
import Synchronization

/// The host's side of the ABI for one loaded library: the host table and the services that its manifest names, as C structs that live as
/// long as the module. The C functions find the run through `postern_call.run`; what needs the home goes to it.
final class ServiceTables: @unchecked Sendable {
    // Sendable: tables that are never written after init; the rest is Sendable itself.
    let host: UnsafeMutablePointer<postern_host>
    private let home: any RunHome
    private let declared: Set<String>
    private let dns: UnsafeMutablePointer<postern_dns>
    private let timer: UnsafeMutablePointer<postern_timer>
    private let log: UnsafeMutablePointer<postern_log>
    private let clock: UnsafeMutablePointer<postern_clock>
    private let budget = LineBudget()

    static let known = [POSTERN_EXT_DNS, POSTERN_EXT_TIMER, POSTERN_EXT_LOG, POSTERN_EXT_CLOCK]
    // Never freed: plugins may keep it.
    nonisolated(unsafe) private static let name = UnsafePointer(strdup("postern host")!)

    init(manifest: FilterManifest, home: any RunHome) {
        self.home = home
        declared = Set(manifest.requires).union(manifest.optional)
        dns = .allocate(capacity: 1)
        dns.initialize(
            to: postern_dns(
                size: UInt32(MemoryLayout<postern_dns>.size), reserved: 0,
                resolve: { call, questions, count, stride, operations in
                    ServiceTables.run(call) { $0.resolve(questions, Int(count), Int(stride), operations) }
                }))
        timer = .allocate(capacity: 1)
        timer.initialize(
            to: postern_timer(
                size: UInt32(MemoryLayout<postern_timer>.size), reserved: 0,
                start: { call, microseconds, operation in ServiceTables.run(call) { $0.startTimer(microseconds, operation) } }))
        log = .allocate(capacity: 1)
        clock = .allocate(capacity: 1)
        clock.initialize(
            to: postern_clock(
                size: UInt32(MemoryLayout<postern_clock>.size), reserved: 0,
                now: { call in
                    guard let call else { return 0 }
                    return PluginRun.of(call)._withUnsafeGuaranteedRef { $0.now.microseconds }
                }))
        host = .allocate(capacity: 1)
        let me = Unmanaged.passUnretained(self).toOpaque()
        log.initialize(
            to: postern_log(
                size: UInt32(MemoryLayout<postern_log>.size), reserved: 0, context: me,
                write: { table, call, level, text in
                    guard let context = table?.pointee.context else { return POSTERN_INVALID }
                    return Unmanaged<ServiceTables>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.write(call, level, text) }
                }))
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
    }

    deinit {
        host.deallocate()
        dns.deallocate()
        timer.deallocate()
        log.deallocate()
        clock.deallocate()
    }

    private static func run(_ call: UnsafePointer<postern_call>?, _ body: (PluginRun) -> postern_status) -> postern_status {
        guard let call else { return POSTERN_INVALID }
        return PluginRun.of(call)._withUnsafeGuaranteedRef(body)
    }

    /// What the manifest does not declare is not there.
    private func table(_ id: String) -> UnsafeRawPointer? {
        guard declared.contains(id) else { return nil }
        switch id {
        case POSTERN_EXT_DNS: return UnsafeRawPointer(dns)
        case POSTERN_EXT_TIMER: return UnsafeRawPointer(timer)
        case POSTERN_EXT_LOG: return UnsafeRawPointer(log)
        case POSTERN_EXT_CLOCK: return UnsafeRawPointer(clock)
        default: return nil
        }
    }

    private static let longestLine = 1024
    private static let linesPerRun = 64

    private func write(_ call: UnsafePointer<postern_call>?, _ level: UInt32, _ text: postern_bytes) -> postern_status {
        guard let level = LogLevel(rawValue: level) else { return POSTERN_INVALID }
        let line = text.text(upTo: Self.longestLine)
        if let call {
            let memory = CallMemory.of(call).takeUnretainedValue()
            guard memory.lines.add(1, ordering: .relaxed).newValue <= Self.linesPerRun else { return POSTERN_LIMIT }
            home.write(level, line, of: memory.facts)
        } else {
            guard budget.take() else { return POSTERN_LIMIT }
            home.write(level, line, of: nil)
        }
        return POSTERN_OK
    }
}

/// Lines that a library may write outside of runs: 100 in ten seconds. Any thread.
final class LineBudget: Sendable {
    private let state = Mutex<(window: UInt64, count: Int)>((0, 0))

    func take() -> Bool {
        let window = MonotonicClock.nanoseconds / 10_000_000_000
        return state.withLock { state in
            if state.window != window { state = (window, 0) }
            state.count += 1
            return state.count <= 100
        }
    }
}
