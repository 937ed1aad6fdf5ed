import Mail

/// A list of next hops, such as `deliver_to`.
final class NextHopReader {
    /// Of the configuration: certificates are named as seen from it.
    private let folder: String
    private let clientCertificateProblem: (NextHop.ClientCertificate) -> String?
    /// Many domains may show the same one: each pair is looked at once.
    private var looked: [NextHop.ClientCertificate: String?] = [:]

    /// `clientCertificateProblem`: what is wrong with two files that can be read.
    init(folder: String, clientCertificateProblem: @escaping (NextHop.ClientCertificate) -> String?) {
        self.folder = folder
        self.clientCertificateProblem = clientCertificateProblem
    }

    /// Sorted by preference. An empty or absent list is a problem.
    func read(_ map: MappingReader, _ key: String) -> [NextHop] {
        let items = map.list(key)
        if items.isEmpty, map.node(key)?.list != nil || map.node(key) == nil {
            map.missing(key, mend: "add `\(key): [{host: mail.example.com}]`")
        }
        var hops: [NextHop] = []
        for item in items {
            guard let hop = MappingReader(item, map.problems, what: "an entry of `\(key)`") else { continue }
            if let read = read(hop) { hops.append(read) }
        }
        return hops.sorted { $0.preference < $1.preference }
    }

    private func read(_ map: MappingReader) -> NextHop? {
        let preference = map.integer("preference", in: 0...65_535) ?? 10
        let isLMTP = map.bool("lmtp")
        if map.node("socket") != nil { return socket(map, preference: preference, isLMTP: isLMTP ?? true) }
        let host = map.text("host")
        let port = map.integer("port", in: 1...65_535)
        let tls = map.choice("tls", NextHop.TLSMode.self) ?? .opportunistic
        let certificate = certificate(map, tls)
        map.finish()
        guard let host else {
            if map.node("host") == nil { map.missing("host", mend: "add `host: mail.example.com`") }
            return nil
        }
        guard let name = IPAddress(host)?.description ?? HostName.parse(host) else {
            map.problems.error(
                map.place(of: "host"), "`\(host.shortened)` is neither a host name nor an address",
                mend: "write `mail.example.com` or `192.0.2.1`, and the port under `port`")
            return nil
        }
        if isLMTP == true, port == 25 {
            map.problems.error(
                map.place(of: "port"), "LMTP is not spoken on port 25 (RFC 2033)", mend: "write `port: 24`, or whatever it is")
        }
        var hop = NextHop(host: name, port: port ?? (isLMTP == true ? 24 : 25), preference: preference, tls: tls)
        hop.isLMTP = isLMTP ?? false
        hop.clientCertificate = certificate
        return hop
    }

    /// A server on this machine; LMTP unless it says otherwise.
    private func socket(_ map: MappingReader, preference: Int, isLMTP: Bool) -> NextHop? {
        let path = map.text("socket")
        map.finish()
        guard let path else { return nil }
        // sun_path has 108 bytes with the final zero.
        guard path.hasPrefix("/"), path.utf8.count <= 107 else {
            map.problems.error(
                map.place(of: "socket"), "`\(path.shortened)` is no absolute path of at most 107 bytes",
                mend: "write such as `/run/dovecot/lmtp`")
            return nil
        }
        var hop = NextHop(host: path, port: 0, preference: preference, tls: .never)
        hop.isLMTP = isLMTP
        return hop
    }

    private func certificate(_ map: MappingReader, _ tls: NextHop.TLSMode) -> NextHop.ClientCertificate? {
        guard let pair = map.mapping("client_certificate") else { return nil }
        if tls == .never {
            map.problems.error(pair.place, "a client certificate is of no use with `tls: never`", mend: "remove one of the two")
        }
        var paths: [String] = []
        var isReadable = true
        for key in ["certificate", "key"] {
            if let text = pair.text(key) {
                let path = SettingsFile.resolve(text, in: folder)
                paths.append(path)
                if !SettingsFile.isReadable(path) {
                    isReadable = false
                    map.problems.error(
                        pair.place(of: key), "cannot read `\(path)`", mend: "create it, or correct its name and mode")
                }
            } else if pair.node(key) == nil {
                pair.missing(key, mend: "add `\(key): \(key == "key" ? "key" : "cert").pem`")
            }
        }
        pair.finish()
        guard paths.count == 2 else { return nil }
        let files = NextHop.ClientCertificate(certificate: paths[0], key: paths[1])
        if isReadable, let problem = problem(files) {
            map.problems.error(
                pair.place(of: "certificate"), problem, mend: "give the client's own certificate before its chain, and its key")
        }
        return files
    }

    private func problem(_ files: NextHop.ClientCertificate) -> String? {
        if let known = looked[files] { return known }
        let problem = clientCertificateProblem(files)
        looked[files] = .some(problem)
        return problem
    }
}
