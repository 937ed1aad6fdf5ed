import Mail

/// Reads postern.yaml, all but its filters, which need the plugins that it names.
struct GatewayReader {
    let folder: String
    let problems: ProblemList

    struct Result {
        var hostname = ""
        var listeners: [ListenerSettings] = []
        var data = ""
        var control = ""
        var dns = DNSSettings(source: .recursive, trustAnchors: [], timeout: .seconds(5))
        var log = LogSettings(format: .logfmt, file: nil)
        var metrics: SocketEndpoint?
        var limits = Limits()
        var queue = QueuePolicy()
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
        result.listeners = listeners(map)
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
        result.queue = LimitsReader.queue(map.mapping("queue"))
        return result
    }

    private func path(_ map: MappingReader, _ key: String) -> String? { map.text(key).map { SettingsFile.resolve($0, in: folder) } }

    // MARK: Sockets

    private func listeners(_ map: MappingReader) -> [ListenerSettings] {
        let items = map.list("listen")
        if items.isEmpty, map.node("listen")?.list != nil || map.node("listen") == nil {
            map.missing("listen", mend: "add `listen: [{address: 0.0.0.0, port: 25, role: inbound}]`")
        }
        var taken: Set<SocketEndpoint> = []
        return items.compactMap { item in
            guard let entry = MappingReader(item, problems, what: "an entry of `listen`") else { return nil }
            entry.notYet("auth", "filters", "proxy_protocol")
            let endpoint = endpoint(entry, leastPort: 0)
            let role = role(entry)
            let tls = entry.mapping("tls").flatMap(tls)
            entry.finish()
            guard let endpoint, let role else { return nil }
            if endpoint.port != 0, !taken.insert(endpoint).inserted {
                problems.error(entry.place, "\(endpoint) is listened on twice", mend: "remove one of the two")
            }
            return ListenerSettings(endpoint: endpoint, role: role, tls: tls)
        }
    }

    private func role(_ entry: MappingReader) -> ListenerSettings.Role? {
        if let role = entry.node("role"), role.text == "outbound" {
            problems.error(role.place, "the role `outbound` is not supported in this version", mend: "write `inbound`")
            return nil
        }
        return entry.node("role") == nil ? .inbound : entry.choice("role", ListenerSettings.Role.self)
    }

    /// `address` and `port` of a mapping.
    private func endpoint(_ map: MappingReader, leastPort: Int) -> SocketEndpoint? {
        let text = map.text("address")
        let port = map.integer("port", in: leastPort...65_535)
        if text == nil, map.node("address") == nil {
            map.missing("address", mend: "add `address: 127.0.0.1`, or `0.0.0.0` or `::` for all")
        }
        if port == nil, map.node("port") == nil { map.missing("port", mend: "add `port: 25`") }
        guard let text, let port else { return nil }
        guard let address = IPAddress(text) else {
            problems.error(
                map.place(of: "address"), "`\(text.shortened)` is no IP address",
                mend: "write an address such as `192.0.2.1` or `\"2001:db8::1\"`")
            return nil
        }
        return SocketEndpoint(address: address, port: port)
    }

    private func tls(_ map: MappingReader) -> ListenerSettings.TLS? {
        let isRequired = map.bool("require") ?? false
        var paths: [String] = []
        for key in ["certificate", "key"] {
            if let path = path(map, key) {
                paths.append(path)
                if !SettingsFile.isReadable(path) {
                    problems.error(map.place(of: key), "cannot read `\(path)`", mend: "create it, or correct its name and mode")
                }
            } else if map.node(key) == nil {
                map.missing(key, mend: "add `\(key): \(key == "key" ? "key" : "cert").pem`")
            }
        }
        map.finish()
        return paths.count == 2 ? ListenerSettings.TLS(certificate: paths[0], key: paths[1], isRequired: isRequired) : nil
    }

    private func metrics(_ map: MappingReader) -> SocketEndpoint? {
        guard let map = map.mapping("metrics") else { return nil }
        defer { map.finish() }
        return endpoint(map, leastPort: 1)
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
