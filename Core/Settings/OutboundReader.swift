import Mail

/// `outbound:` of a domain.
struct OutboundReader {
    let filters: FilterListReader
    /// Of the outbound listeners' edge filters: a domain weighs their symbols too.
    let edge: [FilterManifest]

    /// nil without `outbound`. `policy`: the rest of the domain's, read before.
    func read(_ root: MappingReader, _ policy: DomainPolicy) -> OutboundPolicy? {
        guard root.entry("outbound") != nil, let node = root.entry("outbound")?.value,
            let map = MappingReader(node, root.problems, what: "`outbound`")
        else { return nil }
        map.notYet("accounts")
        var outbound = OutboundPolicy()
        if map.node("deliver_to") == nil {
            root.problems.error(
                map.place, "`deliver_to` is missing under `outbound`: delivery by MX is not supported in this version",
                mend: "add `deliver_to: [{host: relay.example.com}]`")
        } else {
            outbound.deliverTo = NextHopReader.read(map, "deliver_to")
        }
        let (steps, manifests) = filters.read(map.list("filters"), edge: false)
        outbound.filters = steps
        outbound.scores = policy.scores.merging(WeightsReader.scores(map, declared: edge + manifests)) { $1 }
        outbound.thresholds = WeightsReader.thresholds(map) ?? policy.thresholds
        outbound.networks = networks(map)
        map.finish()
        return outbound
    }

    private func networks(_ map: MappingReader) -> [IPNetwork] {
        map.list("networks").compactMap { item in
            if let network = item.text.flatMap({ IPNetwork($0) }) { return network }
            map.problems.error(
                item.place, "a network must be an address with its prefix, not \(item.word)",
                mend: "write `192.0.2.0/24` or `\"2001:db8::/32\"`, with no bits set behind the prefix")
            return nil
        }
    }
}
