import CPostern

/// The gateway (or worker) that the plugin is loaded in, and its services. Any thread.
public struct Host: @unchecked Sendable {
    // Sendable: tables that live as long as the module and are never written.
    let dns: UnsafePointer<postern_dns>?
    let timer: UnsafePointer<postern_timer>?
    let clock: UnsafePointer<postern_clock>?
    let state: UnsafePointer<postern_state>?
    let http: UnsafePointer<postern_http>?
    let verdicts: UnsafePointer<postern_verdicts>?
    let tokens: UnsafePointer<postern_tokens>?
    private let log: UnsafePointer<postern_log>?
    private let metricTable: UnsafePointer<postern_metrics>?
    private var metrics: [String: Metric] = [:]
    /// nil: the manifest does not name it, or this host has none.
    public let cache: Cache?
    public let random: HostRandom
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
        state = find(POSTERN_EXT_STATE, postern_state.self)
        http = find(POSTERN_EXT_HTTP, postern_http.self)
        verdicts = find(POSTERN_EXT_VERDICTS, postern_verdicts.self)
        tokens = find(POSTERN_EXT_TOKEN, postern_tokens.self)
        metricTable = find(POSTERN_EXT_METRICS, postern_metrics.self)
        cache = find(POSTERN_EXT_CACHE, postern_cache.self).map(Cache.init)
        random = HostRandom(table: find(POSTERN_EXT_RANDOM, postern_random.self))
    }

    /// In `load`. The name of the first that the host does not take; nil: all are there.
    mutating func define(_ definitions: [MetricDefinition]) -> String? {
        for definition in definitions {
            guard let metricTable else {
                metrics[definition.name] = Metric(table: nil, number: 0, labels: definition.labels)
                continue
            }
            guard let number = definition.define(metricTable) else { return definition.name }
            metrics[definition.name] = Metric(table: metricTable, number: number, labels: definition.labels)
        }
        return nil
    }

    /// One that `Filter.metrics` names. Keep it: finding it costs a look-up.
    public func metric(_ name: String) -> Metric { metrics[name] ?? Metric(table: nil, number: 0, labels: []) }

    /// A service that this kit does not wrap, by its ID; nil when the host has none. Lives as long as the module.
    public func service(_ id: String) -> UnsafeRawPointer? { table.pointee.extension(table, id) }

    public func log(_ level: LogLevel, _ text: String) { write(nil, level, text) }

    /// The operation's completion does not come any more.
    func cancel(_ call: UnsafePointer<postern_call>, _ operation: UInt64) { _ = table.pointee.cancel_operation(call, operation) }

    func isCancelled(_ call: UnsafePointer<postern_call>) -> Bool {
        guard let cancelled = table.pointee.cancelled else { return false }
        return cancelled(call) != 0
    }

    func write(_ call: UnsafePointer<postern_call>?, _ level: LogLevel, _ text: String) {
        guard let log else { return }
        _ = text.withBytes { log.pointee.write(log, call, level.rawValue, $0) }
    }
}

public enum LogLevel: UInt32, Sendable { case debug, info, warning, error }
