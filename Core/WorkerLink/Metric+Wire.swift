import PluginLoader

/// What a library says of a metric when it defines it, held to the same bounds as inside the gateway.
extension WireWriter {
    mutating func metric(_ definition: MetricDefinition) {
        text(definition.name)
        u32(definition.kind.rawValue)
        list(definition.labels) {
            $0.text($1.name)
            $0.list($1.values) { $0.text($1) }
        }
    }
}

extension WireReader {
    mutating func metric() throws(WireFault) -> MetricDefinition {
        let name = try text(most: 256)
        guard let kind = MetricDefinition.Kind(rawValue: try u32()) else { throw WireFault("an unknown kind of metric") }
        let labels = try list(most: 16) { (reader) throws(WireFault) in
            MetricDefinition.Label(
                name: try reader.text(most: 256),
                values: try reader.list(most: 256) { (reader) throws(WireFault) in try reader.text(most: 256) })
        }
        let definition = MetricDefinition(name: name, kind: kind, labels: labels)
        guard definition.isSensible else { throw WireFault("a metric that makes no sense") }
        return definition
    }
}
