import Mail
import Metrics

/// Counts outcomes per recipient and times jobs.
struct DeliveryMetrics: Sendable {
    private let delivered = Counter(label: MetricName.deliveries, dimensions: [("outcome", "delivered")])
    private let deferred = Counter(label: MetricName.deliveries, dimensions: [("outcome", "deferred")])
    private let bounced = Counter(label: MetricName.deliveries, dimensions: [("outcome", "bounced")])
    private let seconds = Metrics.Timer(label: MetricName.deliverySeconds)

    func record(_ outcomes: [DeliveryOutcome], nanoseconds: Int64) {
        for outcome in outcomes {
            switch outcome {
            case .delivered: delivered.increment()
            case .deferred: deferred.increment()
            case .bounced: bounced.increment()
            }
        }
        seconds.recordNanoseconds(nanoseconds)
    }
}
