import Mail

/// A list of next hops, such as `deliver_to`.
enum NextHopReader {
    /// Sorted by preference. An empty or absent list is a problem.
    static func read(_ map: MappingReader, _ key: String) -> [NextHop] {
        let items = map.list(key)
        if items.isEmpty, map.node(key)?.list != nil || map.node(key) == nil {
            map.missing(key, mend: "add `\(key): [{host: mail.example.com}]`")
        }
        var hops: [NextHop] = []
        for item in items {
            guard let hop = MappingReader(item, map.problems, what: "an entry of `\(key)`") else { continue }
            let host = hop.text("host")
            let port = hop.integer("port", in: 1...65_535) ?? 25
            let preference = hop.integer("preference", in: 0...65_535) ?? 10
            let tls = hop.choice("tls", NextHop.TLSMode.self) ?? .opportunistic
            hop.finish()
            guard let host else {
                if hop.node("host") == nil { hop.missing("host", mend: "add `host: mail.example.com`") }
                continue
            }
            guard let name = IPAddress(host)?.description ?? HostName.parse(host) else {
                map.problems.error(
                    hop.place(of: "host"), "`\(host.shortened)` is neither a host name nor an address",
                    mend: "write `mail.example.com` or `192.0.2.1`, and the port under `port`")
                continue
            }
            hops.append(NextHop(host: name, port: port, preference: preference, tls: tls))
        }
        return hops.sorted { $0.preference < $1.preference }
    }
}
