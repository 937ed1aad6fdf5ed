import CoreMetrics
import Synchronization

/// A whole number that only grows.
final class CounterMetric: CounterHandler, Metric {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.add(max(0, amount), ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }

    func render(name: String, labels: String, into text: inout MetricText) {
        text.sample(name, labels, Double(value.load(ordering: .relaxed)))
    }
}

/// The same with fractions.
final class FloatingCounterMetric: FloatingPointCounterHandler, Metric {
    private let value = AtomicDouble()

    func increment(by amount: Double) { if amount > 0, amount.isFinite { value.add(amount) } }
    func reset() { value.set(0) }

    func render(name: String, labels: String, into text: inout MetricText) { text.sample(name, labels, value.value) }
}
