import Mail
import PluginLoader

/// What a worker tells the gateway. Nothing in it is believed: each field has its bound, and a record that breaks one ends the worker.
public enum WorkerMessage: Sendable {
    /// The cage is shut and the library is started; what is in force, for the operator.
    case ready(cage: [String])
    /// It could not be: why.
    case failed(String)
    /// To `makeInstance` and `check`: empty when all is well.
    case problems(UInt32, [SettingsProblem], isRefused: Bool)
    case operations(run: UInt64, [(operation: UInt64, request: ServiceRequest)])
    case giveUp(run: UInt64, operation: UInt64)
    case detached(run: UInt64, joinBefore: Phase)
    /// The last of a run.
    case finished(run: UInt64, WorkerFindings)
    case log(run: UInt64?, LogLevel, String)
    case fault(PluginFault)
    case pong(UInt64)
    /// While it starts: the number by which it speaks of a metric.
    case metric(UInt32, MetricDefinition)
    case moved(metric: UInt32, series: UInt32, amount: Double, sets: Bool)

    private enum Kind: UInt8 {
        case ready = 1
        case failed, problems, operations, giveUp, detached, finished, log, fault, pong, metric, moved
    }

    public var record: [UInt8] {
        var w = WireWriter()
        switch self {
        case .ready(let cage):
            w.u8(Kind.ready.rawValue)
            w.list(cage) { $0.text($1) }
        case .failed(let why):
            w.u8(Kind.failed.rawValue)
            w.text(why)
        case .problems(let id, let problems, let isRefused):
            w.u8(Kind.problems.rawValue)
            w.u32(id)
            w.flag(isRefused)
            w.list(problems) {
                $0.text($1.pointer)
                $0.text($1.text)
            }
        case .operations(let run, let operations):
            w.u8(Kind.operations.rawValue)
            w.u64(run)
            w.list(operations) {
                $0.u64($1.operation)
                $0.request($1.request)
            }
        case .giveUp(let run, let operation):
            w.u8(Kind.giveUp.rawValue)
            w.u64(run)
            w.u64(operation)
        case .detached(let run, let phase):
            w.u8(Kind.detached.rawValue)
            w.u64(run)
            w.u8(UInt8(phase.rawValue))
        case .finished(let run, let findings):
            w.u8(Kind.finished.rawValue)
            w.u64(run)
            findings.write(&w)
        case .log(let run, let level, let text):
            w.u8(Kind.log.rawValue)
            w.optional(run) { $0.u64($1) }
            w.u8(UInt8(level.rawValue))
            w.text(text)
        case .fault(let fault):
            w.u8(Kind.fault.rawValue)
            w.text(fault.rawValue)
        case .pong(let number):
            w.u8(Kind.pong.rawValue)
            w.u64(number)
        case .metric(let number, let definition):
            w.u8(Kind.metric.rawValue)
            w.u32(number)
            w.metric(definition)
        case .moved(let metric, let series, let amount, let sets):
            w.u8(Kind.moved.rawValue)
            w.u32(metric)
            w.u32(series)
            w.number(amount)
            w.flag(sets)
        }
        return w.bytes
    }

    public init(record: [UInt8]) throws(WireFault) {
        var r = WireReader(record)
        guard let kind = Kind(rawValue: try r.u8()) else { throw WireFault("an unknown message") }
        switch kind {
        case .ready: self = .ready(cage: try r.list(most: 64) { (r) throws(WireFault) in try r.line(most: 200) })
        case .failed: self = .failed(try r.line(most: 4096))
        case .problems:
            let (id, isRefused) = (try r.u32(), try r.flag())
            let problems = try r.list(most: 50) { (r) throws(WireFault) in
                SettingsProblem(pointer: try r.line(most: 600), text: try r.line(most: 1500))
            }
            self = .problems(id, problems, isRefused: isRefused)
        case .operations:
            let run = try r.u64()
            let operations = try r.list(most: PluginRun.mostOperations) { (r) throws(WireFault) in
                (operation: try r.u64(), request: try r.request())
            }
            self = .operations(run: run, operations)
        case .giveUp: self = .giveUp(run: try r.u64(), operation: try r.u64())
        case .detached:
            let run = try r.u64()
            guard let phase = Phase(rawValue: Int(try r.u8())) else { throw WireFault("an unknown phase") }
            self = .detached(run: run, joinBefore: phase)
        case .finished: self = .finished(run: try r.u64(), try WorkerFindings(&r))
        case .log:
            let run = try r.optional { (r) throws(WireFault) in try r.u64() }
            guard let level = LogLevel(rawValue: UInt32(try r.u8())) else { throw WireFault("an unknown level") }
            self = .log(run: run, level, try r.line(most: 4096))
        case .fault:
            guard let fault = PluginFault(rawValue: try r.text(most: 64)) else { throw WireFault("an unknown fault") }
            self = .fault(fault)
        case .pong: self = .pong(try r.u64())
        case .metric: self = .metric(try r.u32(), try r.metric())
        case .moved: self = .moved(metric: try r.u32(), series: try r.u32(), amount: try r.number(), sets: try r.flag())
        }
        try r.end()
    }
}
