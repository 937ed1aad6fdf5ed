import CPostern
import Glibc

/// A built filter behind its one export, in a host of one run at a time: the ABI's tables, without services but for those that a subclass has.
/// On one thread.
open class TinyHost {
    public struct Refused: Error, Equatable {
        public var text: String
        public init(text: String) { self.text = text }
    }

    /// Whom C's callbacks mean: whoever made a step last.
    nonisolated(unsafe) public private(set) static var current: TinyHost!

    public private(set) var symbols: [(name: String, factor: Double, detail: String)] = []
    /// Why the run said that it failed.
    public private(set) var failure: String?
    /// `450 4.7.1 text`.
    public private(set) var deferral: String?
    public private(set) var givenUp: [UInt64] = []
    public let call = UnsafeMutablePointer<postern_call>.allocate(capacity: 1)
    public let session = UnsafeMutablePointer<postern_session>.allocate(capacity: 1)
    private let host = UnsafeMutablePointer<postern_host>.allocate(capacity: 1)
    private let builder = UnsafeMutablePointer<postern_verdict_builder>.allocate(capacity: 1)
    private let plugin: UnsafePointer<postern_plugin>
    private var problems: [String] = []
    private var instance: OpaquePointer?
    private var frame: UnsafeMutableRawPointer?

    /// `product`: as `PluginUnderTest.library` finds it.
    public init(_ product: String, settings: String) throws {
        typealias Entry = @convention(c) (UInt32) -> UnsafePointer<postern_entry>?
        guard let path = PluginUnderTest.library(product), let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(handle, "postern_plugin_entry"), let entry = unsafeBitCast(symbol, to: Entry.self)(POSTERN_ABI_MAJOR)
        else { throw Refused(text: dlerror().map { String(cString: $0) } ?? "no library") }
        plugin = entry.pointee.plugin
        session.initialize(to: postern_session())
        call.initialize(to: postern_call())
        host.initialize(to: postern_host())
        builder.initialize(to: postern_verdict_builder())
        Self.current = self
        fillTables()
        var table = postern_problems(size: UInt32(MemoryLayout<postern_problems>.size), reserved: 0, context: nil) { _, pointer, text in
            TinyHost.current.problems.append("\(TinyHost.text(pointer)): \(TinyHost.text(text))")
        }
        var module: OpaquePointer?
        let bytes = Array(settings.utf8)
        let status = bytes.withUnsafeBufferPointer { bytes in
            entry.pointee.load(entry, host, &table, &module) == POSTERN_OK
                ? plugin.pointee.create_instance(
                    module, postern_bytes(data: bytes.baseAddress, length: UInt64(bytes.count)), &table, &instance) : POSTERN_FAILED
        }
        guard status == POSTERN_OK else { throw Refused(text: problems.joined(separator: "; ")) }
    }

    /// The table of a service, whose functions mean `current`; asked for while the plugin is loaded, before a subclass is made: its tables do not
    /// depend on an instance. They live as long as the process.
    open class func service(_ id: String) -> UnsafeRawPointer? { nil }

    private func fillTables() {
        host.pointee.size = UInt32(MemoryLayout<postern_host>.size)
        host.pointee.abi_major = POSTERN_ABI_MAJOR
        host.pointee.extension = { _, id in type(of: TinyHost.current!).service(String(cString: id!)) }
        host.pointee.cancel_operation = { _, id in
            TinyHost.current.givenUp.append(id)
            return POSTERN_OK
        }
        builder.pointee.add_symbol = { _, name, factor, detail, _, _ in
            TinyHost.current.symbols.append((TinyHost.text(name), factor, TinyHost.text(detail)))
            return POSTERN_OK
        }
        builder.pointee.propose = { _, action, code, subject, detail, text, _ in
            guard action == POSTERN_DEFER else { return POSTERN_FORBIDDEN }
            TinyHost.current.deferral = "\(code) \(code / 100).\(subject).\(detail) \(TinyHost.text(text))"
            return POSTERN_OK
        }
        builder.pointee.fail = { _, text in
            TinyHost.current.failure = TinyHost.text(text)
            return POSTERN_OK
        }
        call.pointee.size = UInt32(MemoryLayout<postern_call>.size)
        call.pointee.phase = POSTERN_PHASE_CONNECT
        call.pointee.recipient = POSTERN_NO_RECIPIENT
        call.pointee.host = UnsafePointer(host)
        call.pointee.session = UnsafePointer(session)
        call.pointee.completion_size = UInt32(MemoryLayout<postern_completion>.stride)
    }

    /// Four bytes or sixteen.
    public func set(client: [UInt8]) {
        withUnsafeMutableBytes(of: &session.pointee.client) { $0.copyBytes(from: client) }
        session.pointee.client_family = client.count == 4 ? 4 : 6
    }

    // MARK: Steps

    /// START of a new run: what the last one left is forgotten.
    public func start() -> postern_step {
        (symbols, failure, deferral) = ([], nil, nil)
        return step(POSTERN_START, [])
    }

    public func resume(_ completions: [postern_completion]) -> postern_step { step(POSTERN_RESUME, completions) }

    public func cancel() { _ = step(POSTERN_CANCEL, []) }

    private func step(_ reason: UInt32, _ completions: [postern_completion]) -> postern_step {
        Self.current = self
        return completions.withUnsafeBufferPointer {
            call.pointee.completions = $0.baseAddress
            call.pointee.completion_count = UInt32($0.count)
            call.pointee.reason = reason
            return plugin.pointee.on_phase(instance, call, &frame, builder)
        }
    }

    // MARK: Values of the ABI

    public static func text(_ bytes: postern_bytes) -> String { String(decoding: self.bytes(bytes), as: UTF8.self) }

    public static func bytes(_ bytes: postern_bytes) -> [UInt8] {
        Array(UnsafeBufferPointer(start: bytes.data, count: Int(bytes.length)))
    }

    /// A copy that lives as long as the process: there are few.
    public static func keep(_ bytes: some Collection<UInt8>) -> postern_bytes {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
        _ = copy.initialize(from: bytes)
        return postern_bytes(data: copy.baseAddress, length: UInt64(bytes.count))
    }

    /// The same for a result or a table.
    public static func keep<T>(_ value: T) -> UnsafePointer<T> {
        let place = UnsafeMutablePointer<T>.allocate(capacity: 1)
        place.initialize(to: value)
        return UnsafePointer(place)
    }

    public static func completion(_ operation: UInt64, _ result: UnsafeRawPointer?) -> postern_completion {
        postern_completion(size: 0, status: POSTERN_OK, operation: operation, result: result)
    }
}
