import Mail
import Metrics

/// What this target counts. Made once, so that a session makes no metric.
final class ReceiveMetrics: Sendable {
    private let inbound = Counter(label: MetricName.sessions, dimensions: [("role", ListenerRole.inbound.rawValue)])
    private let outbound = Counter(label: MetricName.sessions, dimensions: [("role", ListenerRole.outbound.rawValue)])
    private let open = Gauge(label: MetricName.sessionsOpen)
    private let inFlight = Gauge(label: MetricName.bytesInFlight)
    /// By `Phase.rawValue`: the refusals that the server decides itself; Inspect counts its own.
    private let refusals = Phase.allCases.map { Counter(label: MetricName.refusals, dimensions: [("at", $0.description)]) }

    func sessionBegan(_ role: ListenerRole, open count: Int) {
        (role == .inbound ? inbound : outbound).increment()
        open.record(count)
    }

    func sessionEnded(open count: Int) { open.record(count) }
    func refused(at phase: Phase) { refusals[phase.rawValue].increment() }
    func bytesInFlight(_ count: Int) { inFlight.record(count) }
}
