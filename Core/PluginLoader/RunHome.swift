import CPostern
import Mail

/// The process in which runs live, as they see it: the gateway's own or a worker's. Any thread.
public protocol RunHome: AnyObject, Sendable {
    /// Does what `run` asks for. The answer comes through `run.arrived(operation, ...)`, from any thread, perhaps before this returns.
    func perform(_ request: ServiceRequest, operation: UInt64, for run: PluginRun) -> any ServiceWork

    /// Calls `body`, which is one call of the plugin, on this thread.
    func watch(_ run: PluginRun, _ body: () -> postern_step) -> postern_step

    /// A call has returned after this time.
    func called(_ run: PluginRun, nanoseconds: UInt64)

    /// The run, or the library outside of any run, did what it must not.
    func fault(_ fault: PluginFault)

    /// A line for the gateway's log. `run` nil: outside of runs.
    func write(_ level: LogLevel, _ text: String, of run: PluginRun?)

    /// A warning for the gateway's log, not the plugin's word but about it. `run` nil: outside of runs.
    func tell(_ text: String, of run: PluginRun?)

    /// Where a metric that the library defines is shown.
    func makeMetric(_ definition: MetricDefinition) -> any MetricOutput
}

extension RunHome {
    public func tell(_ text: String, of run: PluginRun?) { write(.warning, text, of: run) }

    public func makeMetric(_ definition: MetricDefinition) -> any MetricOutput { NoMetricOutput() }
}

/// Levels of `postern.log/1`; the raw value is the ABI's.
public enum LogLevel: UInt32, Sendable { case debug, info, warning, error }

/// What a plugin did wrong; the raw value is the metric's label.
public enum PluginFault: String, CaseIterable, Sendable {
    /// Suspended with nothing under way.
    case stuck = "nothing-pending"
    /// A step that the ABI does not know, or a DETACH that makes no sense.
    case badStep = "bad-step"
    /// It said so itself.
    case failed
    /// A call took too long.
    case slow = "slow-call"
    case symbol = "undeclared-symbol"
    case right = "undeclared-right"
    case egress = "undeclared-egress"
    case invalid = "invalid-result"
    case flood
    /// A worker died, or a call never returned.
    case crash

    init(_ offence: VerdictDraft.Offence) {
        switch offence {
        case .symbol: self = .symbol
        case .right: self = .right
        case .egress: self = .egress
        case .invalid: self = .invalid
        case .flood: self = .flood
        }
    }
}
