import CPostern

/// A metric of the plugin's own (`postern.metrics/1`): named in `Filter.metrics`, moved by `host.metric(name)`.
public struct MetricDefinition: Hashable, Sendable {
    /// a-z 0-9 _. A counter's ends in `_total`, that of durations in `_seconds`.
    public var name: String
    public var kind: Kind
    public var labels: [Label]

    public enum Kind: UInt32, Sendable { case counter, gauge, sizes, seconds }

    /// With all values that it can have.
    public struct Label: Hashable, Sendable {
        public var name: String
        public var values: [String]
        public init(_ name: String, _ values: [String]) {
            self.name = name
            self.values = values
        }
    }

    public init(_ name: String, _ kind: Kind, _ labels: Label...) {
        self.name = name
        self.kind = kind
        self.labels = labels
    }

    func define(_ table: UnsafePointer<postern_metrics>) -> UInt32? {
        var metric: UInt32 = 0
        let status = Block.lend { block in
            let raw = labels.map { label in
                postern_metric_label(
                    name: block.text(label.name), values: block.array(label.values.map { block.text($0) }),
                    value_count: UInt32(label.values.count), value_size: UInt32(MemoryLayout<postern_bytes>.stride))
            }
            var definition = postern_metric_definition(
                size: UInt32(MemoryLayout<postern_metric_definition>.size), kind: kind.rawValue, name: block.text(name),
                labels: block.array(raw), label_count: UInt32(raw.count), label_size: UInt32(MemoryLayout<postern_metric_label>.stride))
            return table.pointee.define(table, &definition, &metric)
        }
        return status == POSTERN_OK ? metric : nil
    }
}

/// Moves one metric. Any thread. Does nothing where the host has no such service, or for a label value that was not named.
public struct Metric: @unchecked Sendable {
    // Sendable: the table lives as long as the module and is never written.
    let table: UnsafePointer<postern_metrics>?
    let number: UInt32
    let labels: [MetricDefinition.Label]

    /// Adds to a counter or gauge, records in a histogram; a value for each label, in order.
    public func record(_ amount: Double = 1, _ values: String...) {
        guard let table, let indices = indices(values) else { return }
        _ = table.pointee.record(table, number, indices, UInt32(indices.count), amount)
    }

    /// Sets a gauge.
    public func set(_ amount: Double, _ values: String...) {
        guard let table, let indices = indices(values) else { return }
        _ = table.pointee.set(table, number, indices, UInt32(indices.count), amount)
    }

    private func indices(_ values: [String]) -> [UInt32]? {
        guard values.count == labels.count else { return nil }
        var indices: [UInt32] = []
        for (label, value) in zip(labels, values) {
            guard let index = label.values.firstIndex(of: value) else { return nil }
            indices.append(UInt32(index))
        }
        return indices
    }
}
