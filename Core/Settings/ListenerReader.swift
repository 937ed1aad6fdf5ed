import Mail

/// Reads `listen:` of postern.yaml.
struct ListenerReader {
    /// Bytes of a Unix socket's path: the system takes 107.
    static let longestSocketPath = 100

    let folder: String
    let problems: ProblemList
    let tls: TLSReader

    func read(_ map: MappingReader) -> [ListenerSettings] {
        let items = map.list("listen")
        if items.isEmpty, map.node("listen")?.list != nil || map.node("listen") == nil {
            map.missing("listen", mend: "add `listen: [{address: 0.0.0.0, port: 25, role: inbound}]`")
        }
        var listeners: [ListenerSettings] = []
        for item in items {
            guard let entry = MappingReader(item, problems, what: "an entry of `listen`") else { continue }
            guard let listener = listener(entry) else { continue }
            if let other = listeners.first(where: { Self.collide($0.place, listener.place) }) {
                let both =
                    other.place == listener.place
                    ? "\(listener.place) is listened on twice" : "\(listener.place) and \(other.place) overlap"
                problems.error(entry.place, both, mend: "remove one of the two")
            }
            listeners.append(listener)
        }
        return listeners
    }

    /// `0.0.0.0` and `::` cover all addresses of their family, and of their family only.
    private static func collide(_ a: ListenerSettings.Place, _ b: ListenerSettings.Place) -> Bool {
        switch (a, b) {
        case (.socket(let a, _), .socket(let b, _)): return a == b
        case (.port(let a), .port(let b)):
            func coversAll(_ endpoint: SocketEndpoint) -> Bool { endpoint.address.high == 0 && endpoint.address.low == 0 }
            guard a.port == b.port, a.port != 0, a.address.isIPv4 == b.address.isIPv4 else { return false }
            return a.address == b.address || coversAll(a) || coversAll(b)
        default: return false
        }
    }

    private enum Dialect: String, CaseIterable { case smtp, lmtp }

    private func listener(_ entry: MappingReader) -> ListenerSettings? {
        entry.notYet("filters")
        let place = place(entry)
        let role = entry.choice("role", ListenerRole.self) ?? .inbound
        let isLMTP = entry.choice("protocol", Dialect.self) == .lmtp
        let secured = tls.read(entry)
        var listener = ListenerSettings(place ?? .socket("", mode: 0))
        listener.role = role
        listener.tls = secured?.policy
        listener.requiresTLS = secured?.section.isRequired ?? false
        listener.isImplicitTLS = secured?.section.isImplicit ?? false
        listener.isLMTP = isLMTP
        listener.lineEnds = entry.choice("line_ends", ListenerSettings.LineEnds.self) ?? .refuse
        listener.authentication = authentication(entry, role, hasTLS: entry.node("tls").map { $0.bool != false } ?? false)
        listener.proxies = peers(entry, "proxy_protocol", place, "say that a client has any address")
        listener.xclients = peers(entry, "xclient", place, "say that a client has any address, name and login")
        entry.finish()
        if isLMTP { checkLMTP(entry, listener) }
        guard let place else { return nil }
        if listener.isImplicitTLS, case .port(let endpoint) = place, endpoint.port == 25 {
            problems.warning(
                entry.place, "mail servers begin in clear on port 25, and would find TLS here",
                mend: "leave out `implicit`, or use port 465")
        }
        return listener
    }

    private func place(_ entry: MappingReader) -> ListenerSettings.Place? {
        guard entry.node("socket") != nil else {
            if let mode = entry.node("mode") {
                problems.error(mode.place, "`mode` is for Unix sockets, and this is none", mend: "remove it, or write `socket: path`")
            }
            return entry.endpoint(leastPort: 0).map { .port($0) }
        }
        for key in ["address", "port"] where entry.node(key) != nil {
            problems.error(
                entry.place(of: key), "a listener has a Unix socket or an address and a port, and this has both",
                mend: "make two of it, or remove `\(key)`")
        }
        let mode = mode(entry)
        guard let text = entry.text("socket") else { return nil }
        let path = SettingsFile.resolve(text, in: folder)
        guard (1...Self.longestSocketPath).contains(path.utf8.count), !path.utf8.contains(0) else {
            problems.error(
                entry.place(of: "socket"), "the path of the socket is longer than \(Self.longestSocketPath) bytes",
                mend: "choose a shorter one, such as `/run/postern/lmtp.sock`")
            return nil
        }
        return mode.map { .socket(path, mode: $0) }
    }

    /// Octal, as for chmod. Without one the owner and the group may connect.
    private func mode(_ entry: MappingReader) -> UInt16? {
        guard let node = entry.node("mode") else { return 0o660 }
        let digits = node.text.map { $0.hasPrefix("0o") ? $0.dropFirst(2) : $0[...] }
        if let digits, !digits.isEmpty, digits.utf8.allSatisfy({ (48...55).contains($0) }), let mode = UInt16(digits, radix: 8),
            mode <= 0o777
        {
            return mode
        }
        problems.error(node.place, "`mode` must be the rights of a file in octal digits, not \(node.word)", mend: "write `0660`")
        return nil
    }

    private func authentication(_ entry: MappingReader, _ role: ListenerRole, hasTLS: Bool) -> ListenerSettings.Authentication {
        guard role == .outbound else {
            if let node = entry.node("auth"), node.text != "off" {
                problems.error(node.place, "nobody logs in on an inbound listener", mend: "remove `auth`, or write `role: outbound`")
            }
            return .off
        }
        // YAML reads `off` as a truth value.
        let wanted: ListenerSettings.Authentication? =
            entry.node("auth")?.bool == false ? .off : entry.choice("auth", ListenerSettings.Authentication.self)
        let place = entry.node("auth")?.place ?? entry.place
        switch (wanted ?? .required, hasTLS) {
        case (.required, false):
            problems.error(
                place, "nobody could log in here: AUTH is offered under TLS only, and this listener has none",
                mend: "add `tls: {certificate: cert.pem, key: key.pem}`, or `auth: off` where only the networks of domains send")
        case (.optional, false):
            problems.warning(
                place, "AUTH is offered under TLS only, and this listener has none: only the networks of domains can send here",
                mend: "add `tls`, or write `auth: off`")
        default: break
        }
        return wanted ?? .required
    }

    private func peers(_ entry: MappingReader, _ key: String, _ place: ListenerSettings.Place?, _ power: String) -> [IPNetwork] {
        let networks = entry.networks(key)
        guard !networks.isEmpty else { return [] }
        if case .socket = place {
            problems.error(
                entry.place(of: key), "the peers of a Unix socket have no address, so `\(key)` can name none", mend: "remove it")
        }
        for item in entry.list(key) where item.text.flatMap({ IPNetwork($0) })?.prefix == 0 {
            problems.warning(item.place, "everybody may \(power)", mend: "name the networks of your own load balancers only")
        }
        return networks
    }

    /// RFC 2033 section 5: not on port 25; and it is for delivery.
    private func checkLMTP(_ entry: MappingReader, _ listener: ListenerSettings) {
        if case .port(let endpoint) = listener.place, endpoint.port == 25 {
            problems.error(
                entry.place(of: "protocol"), "LMTP must not be spoken on port 25 (RFC 2033 section 5)", mend: "choose another port")
        }
        if listener.role == .outbound {
            problems.error(
                entry.place(of: "protocol"), "LMTP takes mail for delivery, so its role is inbound", mend: "write `role: inbound`")
        }
    }
}

extension MappingReader {
    /// `address` and `port`.
    func endpoint(leastPort: Int) -> SocketEndpoint? {
        let text = text("address")
        let port = integer("port", in: leastPort...65_535)
        if text == nil, node("address") == nil {
            missing("address", mend: "add `address: 127.0.0.1`, or `0.0.0.0` or `::` for all")
        }
        if port == nil, node("port") == nil { missing("port", mend: "add `port: 25`") }
        guard let text, let port else { return nil }
        guard let address = IPAddress(text) else {
            problems.error(
                place(of: "address"), "`\(text.shortened)` is no IP address",
                mend: "write an address such as `192.0.2.1` or `\"2001:db8::1\"`")
            return nil
        }
        return SocketEndpoint(address: address, port: port)
    }
}
