import CoreMetrics

/// A value that goes up and down.
final class GaugeMetric: MeterHandler, RecorderHandler, Metric {
    private let value = AtomicDouble()

    func set(_ value: Int64) { self.value.set(Double(value)) }
    func set(_ value: Double) { self.value.set(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func render(name: String, labels: String, into text: inout MetricText) { text.sample(name, labels, value.value) }
}
