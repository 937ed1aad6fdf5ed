import CPostern
import Glibc
import Synchronization

/// A built filter behind its one export, in a host that is nothing but the ABI's tables: settings in, messages through, verdicts out. Timers
/// are real. Each `scan` is a run of its own, on the thread that calls it; many may run at once.
public final class PluginUnderTest: @unchecked Sendable {
    // Sendable: the tables do not change after init; `lines` has its lock.
    public struct Refused: Error, Equatable {
        public var problems: [String]
    }

    private let entry: UnsafePointer<postern_entry>
    private let plugin: UnsafePointer<postern_plugin>
    private let host = UnsafeMutablePointer<postern_host>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<postern_timer>.allocate(capacity: 1)
    private let log = UnsafeMutablePointer<postern_log>.allocate(capacity: 1)
    private var module: OpaquePointer?
    private let lines = Mutex<[String]>([])

    /// The product's file beside the tests; nil: not built.
    public static func library(_ product: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let program = String(decoding: buffer.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let path = program.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/lib\(product).so"
        return access(path, R_OK) == 0 ? path : nil
    }

    public init(_ path: String) throws {
        typealias Entry = @convention(c) (UInt32) -> UnsafePointer<postern_entry>?
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "postern_plugin_entry"),
            let entry = unsafeBitCast(symbol, to: Entry.self)(POSTERN_ABI_MAJOR)
        else { throw Refused(problems: [dlerror().map { String(cString: $0) } ?? "no entry"]) }
        self.entry = entry
        plugin = entry.pointee.plugin
        host.initialize(to: postern_host())
        timer.initialize(to: postern_timer())
        log.initialize(to: postern_log())
        fillTables()
        var problems: [String] = []
        let status = Self.withProblems(&problems) { entry.pointee.load(entry, host, $0, &module) }
        guard status == POSTERN_OK else { throw Refused(problems: problems) }
    }

    /// What the plugin has logged: `warning: text`.
    public var logged: [String] { lines.withLock { $0 } }

    /// Waits until a line holds `text`.
    public func hasLogged(_ text: String, times: Int = 1) -> Bool {
        wait { logged.count { $0.contains(text) } >= times }
    }

    /// Up to a minute.
    public func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<6000 {
            if condition() { return true }
            usleep(10_000)
        }
        return condition()
    }

    /// What `check_config` finds wrong; empty: nothing.
    public func check(_ settings: String) -> [String] {
        var problems: [String] = []
        let status = Self.withProblems(&problems) { table in
            Self.withBytes(settings) { plugin.pointee.check_config(module, $0, table) }
        }
        return status == POSTERN_OK || !problems.isEmpty ? problems : ["refused without a word"]
    }

    public func instance(_ settings: String) throws -> Instance {
        var problems: [String] = []
        var made: OpaquePointer?
        let status = Self.withProblems(&problems) { table in
            Self.withBytes(settings) { plugin.pointee.create_instance(module, $0, table, &made) }
        }
        guard status == POSTERN_OK, let made else { throw Refused(problems: problems) }
        return Instance(owner: self, instance: made)
    }

    public final class Instance: @unchecked Sendable {
        // Sendable: an instance may be called from any thread.
        let owner: PluginUnderTest
        private let instance: OpaquePointer

        init(owner: PluginUnderTest, instance: OpaquePointer) {
            self.owner = owner
            self.instance = instance
        }

        deinit { owner.plugin.pointee.destroy_instance(instance) }

        /// A run of phase data from START to its end. `parts`: what the host says that the message consists of; `limit`: seconds until it is cancelled while it is suspended; `isCancelled`: what the
        /// host says when it is asked.
        public func scan(_ message: [UInt8], parts: [ScanPart] = [], limit: Double = 60, isCancelled: Bool = false) -> Outcome {
            let run = ScanRun(host: owner.host, message: message, parts: parts, isCancelled: isCancelled)
            let give = MonotonicTime.now + limit
            var step = run.step(POSTERN_START, owner.plugin, instance)
            while step == POSTERN_SUSPEND {
                if run.timers.isEmpty { return .fault("suspended, and waits for nothing") }
                if MonotonicTime.now > give {
                    _ = run.step(POSTERN_CANCEL, owner.plugin, instance)
                    return .timeout
                }
                usleep(run.takeTimer())
                step = run.step(POSTERN_RESUME, owner.plugin, instance)
            }
            if step != POSTERN_DONE { return .fault("step \(step)") }
            if let failure = run.failure { return .failed(failure) }
            return .verdict(run.verdict)
        }
    }

    public enum Outcome: Equatable, Sendable {
        case verdict(Findings)
        case failed(String)
        case timeout
        case fault(String)

        public var symbols: [String]? { if case .verdict(let findings) = self { findings.symbols.map(\.name) } else { nil } }
        public var details: [String]? { if case .verdict(let findings) = self { findings.symbols.map(\.detail) } else { nil } }
        public var failure: String? { if case .failed(let text) = self { text } else { nil } }
    }

    public struct Findings: Equatable, Sendable {
        public struct Symbol: Equatable, Sendable {
            public var name: String
            public var factor: Double
            public var detail: String

            public init(name: String, factor: Double, detail: String) {
                self.name = name
                self.factor = factor
                self.detail = detail
            }
        }
        public var symbols: [Symbol] = []
        /// Kind and code: `[1, 554]`.
        public var proposals: [[UInt32]] = []
    }

    // MARK: Tables

    private func fillTables() {
        host.pointee.size = UInt32(MemoryLayout<postern_host>.size)
        host.pointee.abi_major = POSTERN_ABI_MAJOR
        host.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        host.pointee.extension = { host, id in
            let me = Unmanaged<PluginUnderTest>.fromOpaque(host!.pointee.context).takeUnretainedValue()
            switch String(cString: id!) {
            case POSTERN_EXT_TIMER: return UnsafeRawPointer(me.timer)
            case POSTERN_EXT_LOG: return UnsafeRawPointer(me.log)
            default: return nil
            }
        }
        host.pointee.view = { call, ref, out in ScanRun.of(call).view(ref, out) }
        host.pointee.cancelled = { call in ScanRun.of(call).isCancelled ? 1 : 0 }
        host.pointee.cancel_operation = { _, _ in POSTERN_OK }
        timer.pointee.size = UInt32(MemoryLayout<postern_timer>.size)
        timer.pointee.start = { call, micros, operation in ScanRun.of(call).start(micros, operation) }
        log.pointee.size = UInt32(MemoryLayout<postern_log>.size)
        log.pointee.context = Unmanaged.passUnretained(self).toOpaque()
        log.pointee.write = { log, _, level, text in
            let me = Unmanaged<PluginUnderTest>.fromOpaque(log!.pointee.context).takeUnretainedValue()
            me.lines.withLock { $0.append(["debug", "info", "warning", "error"][Int(level)] + ": " + PluginUnderTest.text(text)) }
            return POSTERN_OK
        }
    }

    static func text(_ bytes: postern_bytes) -> String {
        String(decoding: UnsafeBufferPointer(start: bytes.data, count: Int(bytes.length)), as: UTF8.self)
    }

    private static func withBytes<R>(_ text: String, _ body: (postern_bytes) -> R) -> R {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { body(postern_bytes(data: $0.baseAddress, length: UInt64($0.count))) }
    }

    private static func withProblems<R>(
        _ problems: inout [String], _ body: (UnsafeMutablePointer<postern_problems>) -> R
    ) -> R {
        withUnsafeMutablePointer(to: &problems) { list in
            let size = UInt32(MemoryLayout<postern_problems>.size)
            var table = postern_problems(size: size, reserved: 0, context: list) { table, pointer, text in
                table!.pointee.context.assumingMemoryBound(to: [String].self).pointee.append(
                    "\(PluginUnderTest.text(pointer)): \(PluginUnderTest.text(text))")
            }
            return body(&table)
        }
    }
}
