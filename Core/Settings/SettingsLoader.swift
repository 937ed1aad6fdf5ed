import Mail

/// Reads a configuration folder: postern.yaml, domains/*.yaml, and the files that they name. All problems are found, not only the first.
public struct SettingsLoader: Sendable {
    private let catalogue: @Sendable ([String]) -> any FilterCatalogue
    private let clientCertificateProblem: @Sendable (NextHop.ClientCertificate) -> String?
    private let trustRootsProblem: @Sendable (String) -> String?

    /// `catalogue`: the plugins in these folders, in order; asked at each load. It is called with the built-in folders too if the caller adds
    /// them. `clientCertificateProblem`: what is wrong with the files of a client certificate, and
    /// `trustRootsProblem` with a file of certificates to trust; nil: nothing.
    public init(
        catalogue: @escaping @Sendable (_ pluginFolders: [String]) -> any FilterCatalogue,
        clientCertificateProblem: @escaping @Sendable (NextHop.ClientCertificate) -> String? = { _ in nil },
        trustRootsProblem: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.catalogue = catalogue
        self.clientCertificateProblem = clientCertificateProblem
        self.trustRootsProblem = trustRootsProblem
    }

    /// Any thread; reads files, so not on an event loop. `generation` becomes the snapshot's.
    public func load(folder: String, generation: Int) -> Result<GatewaySettings, SettingsErrors> {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let problems = ProblemList()
        let settings = read(folder, generation, problems)
        guard let settings, !problems.hasErrors else { return .failure(SettingsErrors(problems.sorted)) }
        return .success(settings)
    }

    private func read(_ folder: String, _ generation: Int, _ problems: ProblemList) -> GatewaySettings? {
        let file = folder + "/postern.yaml"
        guard let root = node(file, problems), let map = MappingReader(root, problems, what: "postern.yaml") else { return nil }
        map.notYet("quarantine", "headers", "users", "cluster")
        let reader = GatewayReader(folder: folder, problems: problems, trustRootsProblem: trustRootsProblem)
        let plugins = reader.plugins(map)
        let gateway = reader.read(map)
        let catalogue = catalogue(plugins)
        let workers = WorkersReader(catalogue: catalogue, problems).read(map)
        let filters = FilterListReader(catalogue: catalogue, folder: folder, problems)
        let (edge, manifests) = filters.read(map.list("edge"), edge: true)
        let edgeScores = WeightsReader.scores(map, declared: manifests)
        let edgeThresholds = WeightsReader.thresholds(map, edge: true) ?? Thresholds()
        let (outboundEdge, outboundManifests) = outboundEdge(map, filters)
        map.finish()

        var domainReader = DomainReader(
            folder: folder, nextHops: NextHopReader(folder: folder, clientCertificateProblem: clientCertificateProblem), filters: filters,
            edge: manifests, outboundEdge: outboundManifests, problems)
        var domains: [DomainPolicy] = []
        let files = domainFiles(folder, problems)
        for file in files {
            guard let root = node(file, problems) else { continue }
            if let policy = domainReader.read(root, file: file) { domains.append(policy) }
        }
        RedirectReader.refuseLoops(domainReader.redirects, domains, problems)
        if files.isEmpty {
            problems.warning(
                SettingsPlace(file: folder + "/domains"), "there is no domain, so every recipient will be refused",
                mend: "add a file such as domains/example.com.yaml")
        }
        if problems.hasErrors { return nil }
        return GatewaySettings(
            hostname: gateway.hostname, listeners: gateway.listeners, certificatePlaces: gateway.certificatePlaces, data: gateway.data,
            control: gateway.control, plugins: plugins, dns: gateway.dns, log: gateway.log, rewritingSecrets: gateway.rewritingSecrets,
            state: gateway.state, httpTrustRoots: gateway.httpTrustRoots, workers: workers, metrics: gateway.metrics,
            policy: PolicySnapshot(
                generation: generation, hostname: gateway.hostname, limits: gateway.limits, queue: gateway.queue, edge: edge,
                edgeScores: edgeScores, edgeThresholds: edgeThresholds, outboundEdge: outboundEdge, domains: domains),
            warnings: problems.sorted, files: [file] + files + domainReader.files + gateway.certificateFiles)
    }

    /// `outbound: {edge: [...], scores: {...}, thresholds: {...}}` of postern.yaml, and the manifests of the filters in it.
    private func outboundEdge(_ map: MappingReader, _ filters: FilterListReader) -> (EdgePolicy, [FilterManifest]) {
        guard let map = map.mapping("outbound") else { return (EdgePolicy(), []) }
        let (steps, manifests) = filters.read(map.list("edge"), edge: true)
        let edge = EdgePolicy(
            filters: steps, scores: WeightsReader.scores(map, declared: manifests),
            thresholds: WeightsReader.thresholds(map, edge: true) ?? Thresholds())
        map.finish()
        return (edge, manifests)
    }

    private func node(_ file: String, _ problems: ProblemList) -> ConfigNode? {
        guard let text = SettingsFile.read(file, most: SettingsFile.maximumYAML, at: SettingsPlace(file: file), problems) else {
            return nil
        }
        return YAMLFile(name: file).read(text, problems)
    }

    private func domainFiles(_ folder: String, _ problems: ProblemList) -> [String] {
        let domains = folder + "/domains"
        guard SettingsFile.isFolder(domains) else { return [] }
        guard let names = SettingsFile.names(in: domains) else {
            problems.error(SettingsPlace(file: domains), "the folder cannot be read", mend: "check its mode")
            return []
        }
        for name in names where name.hasSuffix(".yml") {
            problems.warning(SettingsPlace(file: domains + "/" + name), "this file is not read", mend: "rename it to end in `.yaml`")
        }
        return names.filter { $0.hasSuffix(".yaml") }.map { domains + "/" + $0 }
    }
}
