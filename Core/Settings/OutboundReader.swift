import Mail

/// `outbound:` of a domain.
struct OutboundReader {
    let folder: String
    let filters: FilterListReader
    /// Of the outbound listeners' edge filters: a domain weighs their symbols too.
    let edge: [FilterManifest]
    /// Password files that were read.
    private(set) var files: [String] = []

    init(folder: String, filters: FilterListReader, edge: [FilterManifest]) {
        self.folder = folder
        self.filters = filters
        self.edge = edge
    }

    /// nil without `outbound`. `policy`: the rest of the domain's, read before.
    mutating func read(_ root: MappingReader, _ policy: DomainPolicy) -> OutboundPolicy? {
        guard root.entry("outbound") != nil, let node = root.entry("outbound")?.value,
            let map = MappingReader(node, root.problems, what: "`outbound`")
        else { return nil }
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
        outbound.networks = map.networks("networks")
        if let file = map.text("accounts") {
            let path = SettingsFile.resolve(file, in: folder)
            files.append(path)
            outbound.accounts = AccountsReader.read(
                path, domains: [policy.domain] + policy.aliases, at: map.place(of: "accounts"), map.problems)
        }
        map.finish()
        return outbound
    }
}
