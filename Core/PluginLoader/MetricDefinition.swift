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

    public enum Most {
        /// Of one library.
        public static let metrics = 64
        public static let series = 1024
        public static let labels = 4
        public static let values = 64
        public static let nameBytes = 64
        public static let labelNameBytes = 32
        public static let valueBytes = 64
    }

    /// Names of a-z 0-9 _ that begin with no digit; values of printable text, each once.
    public var isSensible: Bool {
        Self.isName(name, Most.nameBytes) && labels.count <= Most.labels && Set(labels.map(\.name)).count == labels.count
            && labels.allSatisfy { label in
                Self.isName(label.name, Most.labelNameBytes) && label.name != "le" && (1...Most.values).contains(label.values.count)
                    && Set(label.values).count == label.values.count
                    && label.values.allSatisfy {
                        $0.utf8.count <= Most.valueBytes && $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
                    }
            }
    }

    private static func isName(_ text: String, _ most: Int) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= most, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
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
