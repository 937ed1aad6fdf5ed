import CoreMetrics
import Synchronization

/// How values spread: counts per bucket, their sum. Buckets are fixed, so that a record is one search and two additions.
struct Histogram: Sendable {
    private final class Cell: Sendable {
        let count = Atomic<Int64>(0)
    }

    private final class Sum: Sendable {
        let value = AtomicDouble()
    }

    private let bounds: [Double]
    /// One for each bound, and one for what is above them all.
    private let cells: [Cell]
    private let sum = Sum()

    init(bounds: [Double]) {
        self.bounds = bounds
        cells = (0...bounds.count).map { _ in Cell() }
    }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        var at = 0
        while at < bounds.count, value > bounds[at] { at += 1 }
        cells[at].count.add(1, ordering: .relaxed)
        sum.value.add(value)
    }

    func render(name: String, labels: String, into text: inout MetricText) {
        let comma = labels.isEmpty ? "" : labels + ","
        var total: Int64 = 0
        for (cell, bound) in zip(cells, bounds + [.infinity]) {
            total += cell.count.load(ordering: .relaxed)
            text.sample(name + "_bucket", "\(comma)le=\"\(MetricText.number(bound))\"", Double(total))
        }
        text.sample(name + "_sum", labels, sum.value.value)
        text.sample(name + "_count", labels, Double(total))
    }
}

/// Durations, shown in seconds: 100 microseconds to 5 minutes.
final class TimerMetric: TimerHandler, Metric {
    private let histogram = Histogram(bounds: [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ])

    func recordNanoseconds(_ duration: Int64) { histogram.record(Double(duration) / 1e9) }

    func render(name: String, labels: String, into text: inout MetricText) { histogram.render(name: name, labels: labels, into: &text) }
}

/// Sizes and counts: powers of four from 1 to 256 Mi.
final class RecorderMetric: RecorderHandler, Metric {
    private let histogram = Histogram(bounds: (0...14).map { Double(1 << (2 * $0)) })

    func record(_ value: Int64) { histogram.record(Double(value)) }
    func record(_ value: Double) { histogram.record(value) }

    func render(name: String, labels: String, into text: inout MetricText) { histogram.render(name: name, labels: labels, into: &text) }
}
