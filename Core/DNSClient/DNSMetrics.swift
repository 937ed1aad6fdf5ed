/// What is counted of DNS questions: answers by status, and how long they took.
import Mail
import Metrics

struct DNSMetrics: Sendable {
    private let counters: [Counter]
    private let seconds = Timer(label: MetricName.dnsSeconds)

    private static let words = ["found", "nodata", "nxdomain", "failed", "timeout", "cancelled"]

    init() { counters = Self.words.map { Counter(label: MetricName.dnsQueries, dimensions: [("status", $0)]) } }

    func record(_ status: DNSAnswer.Status, took duration: Duration) {
        counters[Int(status.rawValue)].increment()
        seconds.recordNanoseconds(duration.microseconds &* 1000)
    }
}
