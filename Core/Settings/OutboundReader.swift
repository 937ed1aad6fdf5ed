import Mail

/// `outbound:` of a domain.
struct OutboundReader {
    let folder: String
    let nextHops: NextHopReader
    let filters: FilterListReader
    /// Of the outbound listeners' edge filters: a domain weighs their symbols too.
    let edge: [FilterManifest]
    /// Password files that were read.
    private(set) var files: [String] = []

    init(folder: String, nextHops: NextHopReader, filters: FilterListReader, edge: [FilterManifest]) {
        self.folder = folder
        self.nextHops = nextHops
        self.filters = filters
        self.edge = edge
    }

    /// nil without `outbound`. `policy`: the rest of the domain's, read before.
    mutating func read(_ root: MappingReader, _ policy: DomainPolicy) -> OutboundPolicy? {
        guard root.entry("outbound") != nil, let node = root.entry("outbound")?.value,
            let map = MappingReader(node, root.problems, what: "`outbound`")
        else { return nil }
        var outbound = OutboundPolicy()
        readRoute(map, &outbound)
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

    /// `mx`, which is the default, or a list of next hops.
    private func readRoute(_ map: MappingReader, _ outbound: inout OutboundPolicy) {
        let tls = map.choice("tls", NextHop.TLSMode.self)
        outbound.mxTLS = tls ?? .opportunistic
        guard let node = map.node("deliver_to"), node.text != "mx" else { return }
        guard node.list != nil else {
            return map.problems.error(
                node.place, "`deliver_to` must be `mx` or a list of next hops, not \(node.word)",
                mend: "write `deliver_to: mx` or `deliver_to: [{host: relay.example.com}]`")
        }
        outbound.deliverTo = nextHops.read(map, "deliver_to")
        if tls != nil {
            map.problems.error(
                map.place(of: "tls"), "`tls` here is for delivery by MX", mend: "write `tls` into each entry of `deliver_to`")
        }
    }
}
