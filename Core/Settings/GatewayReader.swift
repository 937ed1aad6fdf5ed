import Mail

/// Reads postern.yaml, all but its filters, which need the plugins that it names.
struct GatewayReader {
    let folder: String
    let problems: ProblemList
    /// What is wrong with a file of certificates to trust.
    let trustRootsProblem: (String) -> String?

    struct Result {
        var hostname = ""
        var listeners: [ListenerSettings] = []
        var certificatePlaces: [ServerTLSPolicy.Files: SettingsPlace] = [:]
        var data = ""
        var control = ""
        var dns = DNSSettings(source: .recursive, trustAnchors: [], timeout: .seconds(5))
        var log = LogSettings(format: .logfmt, file: nil)
        var metrics: SocketEndpoint?
        var limits = Limits()
        var queue = QueuePolicy()
        var rewritingSecrets: String?
        var state = StateSettings()
        var httpTrustRoots: String?

        /// In order, each once.
        var certificateFiles: [String] { Set(certificatePlaces.keys.flatMap { [$0.certificate, $0.key] }).sorted() }
    }

    func plugins(_ map: MappingReader) -> [String] {
        map.list("plugins").compactMap { item in
            guard let text = item.text else {
                problems.error(item.place, "a folder of plugins must be a path, not \(item.word)", mend: "write a path")
                return nil
            }
            let path = SettingsFile.resolve(text, in: folder)
            guard SettingsFile.isFolder(path) else {
                problems.error(item.place, "there is no folder `\(path)`", mend: "create it, or correct the path")
                return nil
            }
            return path
        }
    }

    func read(_ map: MappingReader) -> Result {
        var result = Result()
        if let text = map.text("hostname") {
            if let name = HostName.parse(text) {
                result.hostname = name
            } else {
                problems.error(
                    map.place(of: "hostname"), "`\(text.shortened)` is no host name", mend: "write one such as `mx1.example.com`")
            }
        } else if map.node("hostname") == nil {
            map.missing("hostname", mend: "add `hostname: mx1.example.com`, the name that clients see")
        }
        let tls = TLSReader(folder: folder, problems)
        tls.readCommon(map)
        result.listeners = ListenerReader(folder: folder, problems: problems, tls: tls).read(map)
        result.certificatePlaces = tls.places
        if let data = path(map, "data") {
            result.data = data
        } else if map.node("data") == nil {
            map.missing("data", mend: "add `data: /var/lib/postern`, the folder of the queue and the quarantine")
        }
        result.control = path(map, "control") ?? result.data + "/postern.sock"
        if result.control.utf8.count > 100 {
            problems.error(
                map.place(of: "control"), "the path of the control socket is longer than 100 bytes", mend: "choose a shorter `control`")
        }
        result.dns = dns(map)
        if let log = map.mapping("log") {
            result.log.format = log.choice("format", LogSettings.Format.self) ?? .logfmt
            result.log.file = path(log, "file")
            log.finish()
        }
        result.metrics = metrics(map)
        result.limits = LimitsReader.limits(map.mapping("limits"))
        if let srs = map.mapping("srs") {
            result.rewritingSecrets = path(srs, "secret_file")
            srs.finish()
        }
        result.httpTrustRoots = httpTrustRoots(map)
        result.queue = LimitsReader.queue(map.mapping("queue"))
        result.state = state(map)
        return result
    }

    private func httpTrustRoots(_ map: MappingReader) -> String? {
        guard let map = map.mapping("http") else { return nil }
        defer { map.finish() }
        guard let file = path(map, "trust_roots") else { return nil }
        let problem = SettingsFile.isReadable(file) ? trustRootsProblem(file) : "cannot read `\(file)`"
        if let problem { problems.error(map.place(of: "trust_roots"), problem, mend: "name a file of PEM certificates") }
        return file
    }

    private func state(_ map: MappingReader) -> StateSettings {
        var state = StateSettings()
        guard let map = map.mapping("state") else { return state }
        func quota(_ key: String, _ quota: inout StateQuota) {
            guard let map = map.mapping(key) else { return }
            quota.entries = map.integer("entries", in: 1...1_000_000_000) ?? quota.entries
            quota.bytes = map.bytes("size", in: 4096...1 << 42) ?? quota.bytes
            map.finish()
        }
        quota("per_domain", &state.perDomain)
        quota("per_plugin", &state.perPlugin)
        map.finish()
        return state
    }

    private func path(_ map: MappingReader, _ key: String) -> String? { map.text(key).map { SettingsFile.resolve($0, in: folder) } }

    private func metrics(_ map: MappingReader) -> SocketEndpoint? {
        guard let map = map.mapping("metrics") else { return nil }
        defer { map.finish() }
        return map.endpoint(leastPort: 1)
    }

    // MARK: DNS

    private func dns(_ map: MappingReader) -> DNSSettings {
        var dns = DNSSettings(source: .recursive, trustAnchors: [], timeout: .seconds(5))
        guard let node = map.node("dns"), node.text != "recursive" else { return dns }
        guard node.entries != nil, let map = MappingReader(node, problems, what: "`dns`") else {
            problems.error(
                node.place, "`dns` must be `recursive`, `{forward: [...]}` or `{file: zone.json}`, not \(node.word)",
                mend: "write one of them")
            return dns
        }
        var sources: [DNSSettings.Source] = []
        if map.node("forward") != nil { sources.append(.forward(forwarders(map))) }
        if map.bool("recursive") == true { sources.append(.recursive) }
        if let file = path(map, "file") {
            sources.append(.file(file))
            if !SettingsFile.isReadable(file) {
                problems.error(map.place(of: "file"), "cannot read `\(file)`", mend: "create it, or correct its name and mode")
            }
        }
        if sources.count > 1 {
            problems.error(
                map.place, "`dns` has \(sources.count) sources of answers", mend: "keep one of `forward`, `recursive` and `file`")
        }
        dns.source = sources.first ?? .recursive
        dns.trustAnchors = map.list("trust_anchors").compactMap { item in
            guard let path = item.text.map({ SettingsFile.resolve($0, in: folder) }), SettingsFile.isReadable(path) else {
                problems.error(item.place, "a trust anchor must be a file that can be read, not \(item.word)", mend: "write its path")
                return nil
            }
            return path
        }
        dns.timeout = map.duration("timeout", in: .milliseconds(10) ... .seconds(60)) ?? dns.timeout
        map.finish()
        return dns
    }

    private func forwarders(_ map: MappingReader) -> [SocketEndpoint] {
        let items = map.list("forward")
        if items.isEmpty, map.node("forward")?.list != nil {
            problems.error(map.place(of: "forward"), "`forward` names no server", mend: "write `[\"127.0.0.1:53\"]`")
        }
        return items.compactMap { item in
            if let endpoint = item.text.flatMap({ HostName.endpoint($0, defaultPort: 53) }) { return endpoint }
            problems.error(
                item.place, "a server of `forward` must be an address with or without a port, not \(item.word)",
                mend: "write `\"127.0.0.1:53\"` or `\"[::1]:53\"`")
            return nil
        }
    }
}
