import Mail
import Metrics

/// The queue's counters; labels take values from closed sets only.
struct QueueMetrics: Sendable {
    private let outcomes: [AttemptRecord.Word: Counter]
    private let seconds = Timer(label: MetricName.deliverySeconds)
    private let queued = Gauge(label: MetricName.queueLength, dimensions: [("state", "queued")])
    private let held = Gauge(label: MetricName.queueLength, dimensions: [("state", "held")])
    private let suspended = Gauge(label: MetricName.queueLength, dimensions: [("state", "suspended")])
    private let running = Gauge(label: MetricName.queueLength, dimensions: [("state", "running")])

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: AttemptRecord.Word.allCases.map { word in
                (word, Counter(label: MetricName.deliveries, dimensions: [("outcome", word.rawValue)]))
            })
    }

    func count(_ words: [AttemptRecord.Word], _ took: Duration) {
        for word in words { outcomes[word]!.increment() }
        seconds.recordNanoseconds(took.microseconds.multipliedReportingOverflow(by: 1000).partialValue)
    }

    /// `queued` counts all that is to be delivered, `suspended` and `running` among it.
    func gauge(_ core: QueueCore) {
        queued.record(core.count - core.heldCount)
        held.record(core.heldCount)
        suspended.record(core.suspendedCount)
        running.record(core.running)
    }
}
