import CPostern

/// The gateway (or worker) that the plugin is loaded in, and its services. Any thread.
public struct Host: @unchecked Sendable {
    // Sendable: tables that live as long as the module and are never written.
    let dns: UnsafePointer<postern_dns>?
    let timer: UnsafePointer<postern_timer>?
    let clock: UnsafePointer<postern_clock>?
    private let log: UnsafePointer<postern_log>?
    private let table: UnsafePointer<postern_host>
    /// `postern host`: product and home, for logs.
    public let name: String

    init(_ host: UnsafePointer<postern_host>) {
        func find<T>(_ id: String, _ type: T.Type) -> UnsafePointer<T>? {
            host.pointee.extension(host, id)?.assumingMemoryBound(to: type)
        }
        table = host
        name = host.pointee.name.map { String(cString: $0) } ?? ""
        dns = find(POSTERN_EXT_DNS, postern_dns.self)
        timer = find(POSTERN_EXT_TIMER, postern_timer.self)
        log = find(POSTERN_EXT_LOG, postern_log.self)
        clock = find(POSTERN_EXT_CLOCK, postern_clock.self)
    }

    /// A service that this kit does not wrap, by its ID; nil when the host has none. Lives as long as the module.
    public func service(_ id: String) -> UnsafeRawPointer? { table.pointee.extension(table, id) }

    public func log(_ level: LogLevel, _ text: String) { write(nil, level, text) }

    /// The operation's completion does not come any more.
    func cancel(_ call: UnsafePointer<postern_call>, _ operation: UInt64) { _ = table.pointee.cancel_operation(call, operation) }

    func write(_ call: UnsafePointer<postern_call>?, _ level: LogLevel, _ text: String) {
        guard let log else { return }
        _ = text.withBytes { log.pointee.write(log, call, level.rawValue, $0) }
    }
}

public enum LogLevel: UInt32, Sendable { case debug, info, warning, error }
