import CoreMetrics
import Synchronization

/// All counters, gauges and histograms of the process, and their text for Prometheus. Made once and handed to `MetricsSystem.bootstrap`.
/// Equal names and labels are the same series. Counters and timers are never removed: their labels come from closed
/// sets; a gauge goes when it is destroyed. Past `maximumSeries` a new one
/// counts nowhere, and `postern_metrics_refused_total` says how many were refused.
public final class PrometheusMetrics: MetricsFactory {
    private struct Series {
        let metric: any Metric
        let labels: String
    }

    private struct Family {
        let kind: MetricKind
        var series: [String: Series] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var count = 0
        var refused = 0
    }

    private let state = Mutex(State())
    private let maximumSeries: Int

    public init(maximumSeries: Int = 10_000) { self.maximumSeries = maximumSeries }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, .counter, dimensions) { CounterMetric() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, .counter, dimensions) { FloatingCounterMetric() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, .gauge, dimensions) { GaugeMetric() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate
            ? series(label, .histogram, dimensions) { RecorderMetric() } : series(label, .gauge, dimensions) { GaugeMetric() }
    }

    /// Prometheus counts in seconds, and the name says so.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label.hasSuffix("_seconds") ? label : label + "_seconds", .histogram, dimensions) { TimerMetric() }
    }

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// The series of this name and these labels, made by `make` when there is none. One of another kind under the same name is refused:
    /// the caller gets a series that nobody shows.
    private func series<M: Metric>(_ label: String, _ kind: MetricKind, _ dimensions: [(String, String)], _ make: () -> M) -> M {
        let name = MetricText.name(label)
        let labels = MetricText.labels(dimensions)
        return state.withLock { state in
            var family = state.families[name] ?? Family(kind: kind)
            if let known = family.series[labels]?.metric as? M, family.kind == kind { return known }
            let metric = make()
            guard family.kind == kind, family.series[labels] == nil, state.count < maximumSeries else {
                state.refused += 1
                return metric
            }
            family.series[labels] = Series(metric: metric, labels: labels)
            state.families[name] = family
            state.count += 1
            return metric
        }
    }

    private func remove(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families where family.kind == .gauge {
                guard let labels = family.series.first(where: { $0.value.metric as AnyObject === handler })?.key else { continue }
                state.families[name]!.series[labels] = nil
                if state.families[name]!.series.isEmpty { state.families[name] = nil }
                state.count -= 1
                return
            }
        }
    }

    // MARK: Text

    /// Text exposition format 0.0.4; serve it as `text/plain; version=0.0.4; charset=utf-8`. Sorted by name and labels. Any thread.
    public func render() -> String {
        let (families, refused) = state.withLock { ($0.families, $0.refused) }
        var text = MetricText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.family(name, family.kind)
            for series in family.series.values.sorted(by: { $0.labels < $1.labels }) {
                series.metric.render(name: name, labels: series.labels, into: &text)
            }
        }
        text.family("postern_metrics_refused_total", .counter)
        text.sample("postern_metrics_refused_total", "", Double(refused))
        return text.string
    }
}
