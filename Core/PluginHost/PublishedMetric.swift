import Mail
import Metrics
import PluginLoader

/// A plugin's metric on the gateway's own page: `postern_plugin_<id>_<name>`. Every series is there from the beginning, at 0.
struct PublishedMetric: MetricOutput {
    private enum Series: Sendable {
        case counters([FloatingPointCounter])
        case gauges([Meter])
        case sizes([Recorder])
        case seconds([Timer])
    }

    private let series: Series

    init(_ definition: MetricDefinition, plugin: String) {
        let name = "postern_plugin_" + plugin.replacing("-", with: "_") + "_" + definition.name
        let dimensions = (0..<definition.seriesCount).map { definition.dimensions(of: $0) }
        series =
            switch definition.kind {
            case .counter: .counters(dimensions.map { FloatingPointCounter(label: name, dimensions: $0) })
            case .gauge: .gauges(dimensions.map { Meter(label: name, dimensions: $0) })
            case .sizes: .sizes(dimensions.map { Recorder(label: name, dimensions: $0, aggregate: true) })
            case .seconds: .seconds(dimensions.map { Timer(label: name, dimensions: $0) })
            }
    }

    func record(_ place: Int, _ amount: Double) {
        switch series {
        case .counters(let counters): counters[place].increment(by: amount)
        case .gauges(let gauges): gauges[place].increment(by: amount)
        case .sizes(let recorders): recorders[place].record(amount)
        case .seconds(let timers): timers[place].recordNanoseconds(Int64(max(0, min(amount, 9e9)) * 1e9))
        }
    }

    func set(_ place: Int, _ amount: Double) { if case .gauges(let gauges) = series { gauges[place].set(amount) } }
}
