/// A metric that a plugin defines in `load` (`postern.metrics/1`).
public struct MetricDefinition: Hashable, Sendable {
    public var name: String
    public var kind: Kind
    /// Each with all values that it can have.
    public var labels: [Label]

    /// The raw value is the ABI's.
    public enum Kind: UInt32, Hashable, Sendable { case counter, gauge, sizes, seconds }

    public struct Label: Hashable, Sendable {
        public var name: String
        public var values: [String]
        public init(name: String, values: [String]) {
            self.name = name
            self.values = values
        }
    }

    public init(name: String, kind: Kind, labels: [Label]) {
        self.name = name
        self.kind = kind
        self.labels = labels
    }

    /// A series for each combination of values.
    public var seriesCount: Int { labels.reduce(1) { $0 * $1.values.count } }

    /// The label values of a series; the last label's change first.
    public func dimensions(of series: Int) -> [(String, String)] {
        var rest = series
        return labels.reversed().map { label in
            defer { rest /= label.values.count }
            return (label.name, label.values[rest % label.values.count])
        }.reversed()
    }
}

/// Where a metric's numbers go: to the gateway's metrics page. Any thread.
public protocol MetricOutput: Sendable {
    /// Adds to a counter or gauge, records in a histogram. `series` is below `seriesCount`; `amount` is finite.
    func record(_ series: Int, _ amount: Double)
    /// Sets a gauge.
    func set(_ series: Int, _ amount: Double)
}

/// Shows nobody: for a home that has no such page.
public struct NoMetricOutput: MetricOutput {
    public init() {}
    public func record(_ series: Int, _ amount: Double) {}
    public func set(_ series: Int, _ amount: Double) {}
}
