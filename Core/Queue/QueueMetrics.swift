import DSN
import Mail
import Metrics
import Synchronization

/// The queue's counters; labels take values from closed sets, or of the destinations with most mail, those few only.
final class QueueMetrics: Sendable {
    /// The gauges of one destination.
    private struct Gauges: Sendable {
        let queued, running, isDown: Gauge

        init(_ destination: String) {
            let labels = [("destination", destination)]
            queued = Gauge(label: MetricName.destinationQueueLength, dimensions: labels)
            running = Gauge(label: MetricName.destinationRunning, dimensions: labels)
            isDown = Gauge(label: MetricName.destinationDown, dimensions: labels)
        }

        func destroy() { for gauge in [queued, running, isDown] { gauge.destroy() } }
    }

    /// Destinations with gauges of their own.
    static let mostDestinations = 20

    private let outcomes: [AttemptRecord.Word: Counter]
    private let notices: [NotifiedAction: Counter]
    private let seconds = Timer(label: MetricName.deliverySeconds)
    private let delays = ["before", "queue", "connect", "send"].map { part in
        Timer(label: MetricName.deliveryDelaySeconds, dimensions: [("part", part)])
    }
    private let oldest = Gauge(label: MetricName.queueOldestSeconds)
    private let destinations = Mutex<[String: Gauges]>([:])
    private let queued = Gauge(label: MetricName.queueLength, dimensions: [("state", "queued")])
    private let held = Gauge(label: MetricName.queueLength, dimensions: [("state", "held")])
    private let suspended = Gauge(label: MetricName.queueLength, dimensions: [("state", "suspended")])
    private let running = Gauge(label: MetricName.queueLength, dimensions: [("state", "running")])

    init() {
        notices = Dictionary(
            uniqueKeysWithValues: NotifiedAction.allCases.map { action in
                (action, Counter(label: MetricName.notifications, dimensions: [("action", action.rawValue)]))
            })
        outcomes = Dictionary(
            uniqueKeysWithValues: AttemptRecord.Word.allCases.map { word in
                (word, Counter(label: MetricName.deliveries, dimensions: [("outcome", word.rawValue)]))
            })
    }

    func count(_ words: [AttemptRecord.Word], _ took: Duration) {
        for word in words { outcomes[word]!.increment() }
        seconds.recordNanoseconds(took.microseconds.multipliedReportingOverflow(by: 1000).partialValue)
    }

    /// As in Postfix's `delays`.
    func count(before: Duration, queue: Duration, connect: Duration, send: Duration) {
        for (timer, delay) in zip(delays, [before, queue, connect, send]) {
            timer.recordNanoseconds(max(0, delay.microseconds).multipliedReportingOverflow(by: 1000).partialValue)
        }
    }

    /// `statuses`: most mail first. `age`: of the oldest message.
    func gauge(_ statuses: [DestinationStatus], oldest age: Duration?) {
        oldest.record(Double(max(0, age?.microseconds ?? 0)) / 1e6)
        destinations.withLock { known in
            let shown = statuses.prefix(Self.mostDestinations)
            let names = Set(shown.map(\.destination))
            for (name, gauges) in known where !names.contains(name) {
                gauges.destroy()
                known[name] = nil
            }
            for status in shown {
                let gauges = known[status.destination] ?? Gauges(status.destination)
                known[status.destination] = gauges
                gauges.queued.record(status.queued)
                gauges.running.record(status.running)
                gauges.isDown.record(status.state == .down ? 1 : 0)
            }
        }
    }

    func told(_ action: NotifiedAction) { notices[action]!.increment() }

    /// `queued` counts all that is to be delivered, `suspended` and `running` among it.
    func gauge(_ core: QueueCore) {
        queued.record(core.count - core.heldCount)
        held.record(core.heldCount)
        suspended.record(core.suspendedCount)
        running.record(core.running)
    }
}
