import CPostern
import Synchronization

/// The metrics of one library: defined while it is loaded, then moved from any thread without a lock.
final class PluginMetrics: @unchecked Sendable {
    // Sendable: an entry is written before `count` reaches it, and never after.
    private struct Entry {
        let definition: MetricDefinition
        let output: any MetricOutput
    }

    private let entries: UnsafeMutablePointer<Entry>
    private let count = Atomic(0)
    private let defining = Mutex((isOver: false, series: 0))
    private let make: @Sendable (MetricDefinition) -> any MetricOutput

    init(make: @escaping @Sendable (MetricDefinition) -> any MetricOutput) {
        self.make = make
        entries = .allocate(capacity: MetricDefinition.Most.metrics)
    }

    deinit {
        entries.deinitialize(count: count.load(ordering: .acquiring))
        entries.deallocate()
    }

    /// `load` has returned.
    func seal() { defining.withLock { $0.isOver = true } }

    func define(_ raw: UnsafePointer<postern_metric_definition>?, _ metric: UnsafeMutablePointer<UInt32>?) -> postern_status {
        guard let raw, let metric, raw.pointee.size >= MemoryLayout<postern_metric_definition>.size else { return POSTERN_INVALID }
        return defining.withLock { state in
            if state.isOver { return POSTERN_UNSUPPORTED }
            guard let definition = Self.read(raw.pointee) else { return POSTERN_INVALID }
            let known = count.load(ordering: .relaxed)
            if (0..<known).contains(where: { entries[$0].definition.name == definition.name }) { return POSTERN_INVALID }
            guard known < MetricDefinition.Most.metrics, state.series + definition.seriesCount <= MetricDefinition.Most.series else {
                return POSTERN_LIMIT
            }
            (entries + known).initialize(to: Entry(definition: definition, output: make(definition)))
            state.series += definition.seriesCount
            metric.pointee = UInt32(known)
            count.store(known + 1, ordering: .releasing)
            return POSTERN_OK
        }
    }

    func move(
        _ metric: UInt32, _ values: UnsafePointer<UInt32>?, _ valueCount: UInt32, _ amount: Double, sets: Bool
    ) -> postern_status {
        guard metric < count.load(ordering: .acquiring), amount.isFinite else { return POSTERN_INVALID }
        let entry = entries[Int(metric)]
        let labels = entry.definition.labels
        guard Int(valueCount) == labels.count, valueCount == 0 || values != nil else { return POSTERN_INVALID }
        var series = 0
        for (i, label) in labels.enumerated() {
            let value = Int(values![i])
            guard value < label.values.count else { return POSTERN_INVALID }
            series = series * label.values.count + value
        }
        switch entry.definition.kind {
        case .gauge where sets: entry.output.set(series, amount)
        case .counter where amount < 0, _ where sets: return POSTERN_INVALID
        default: entry.output.record(series, amount)
        }
        return POSTERN_OK
    }

    private static func read(_ raw: postern_metric_definition) -> MetricDefinition? {
        guard let kind = MetricDefinition.Kind(rawValue: raw.kind), let name = text(raw.name, MetricDefinition.Most.nameBytes),
            raw.label_count <= MetricDefinition.Most.labels, raw.label_count == 0 || raw.labels != nil,
            raw.label_count == 0 || Int(raw.label_size) >= MemoryLayout<postern_metric_label>.size && raw.label_size % 8 == 0
        else { return nil }
        var labels: [MetricDefinition.Label] = []
        for i in 0..<Int(raw.label_count) {
            let label = UnsafeRawPointer(raw.labels!).load(fromByteOffset: i * Int(raw.label_size), as: postern_metric_label.self)
            guard let labelName = text(label.name, MetricDefinition.Most.labelNameBytes), let values = label.values,
                (1...MetricDefinition.Most.values).contains(Int(label.value_count)),
                Int(label.value_size) >= MemoryLayout<postern_bytes>.size, label.value_size % 8 == 0
            else { return nil }
            var texts: [String] = []
            for j in 0..<Int(label.value_count) {
                let value = UnsafeRawPointer(values).load(fromByteOffset: j * Int(label.value_size), as: postern_bytes.self)
                guard let value = text(value, MetricDefinition.Most.valueBytes) else { return nil }
                texts.append(value)
            }
            labels.append(MetricDefinition.Label(name: labelName, values: texts))
        }
        let definition = MetricDefinition(name: name, kind: kind, labels: labels)
        return definition.isSensible ? definition : nil
    }

    private static func text(_ raw: postern_bytes, _ most: Int) -> String? {
        raw.length <= UInt64(most) ? String(validating: raw.buffer, as: UTF8.self) : nil
    }
}
