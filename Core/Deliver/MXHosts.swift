import Mail

/// Finds the servers that take a mail domain's messages (RFC 5321 section 5.1, RFC 7505). The pure part is `read`.
enum MXHosts {
    /// Tried at most: a zone may list hundreds.
    static let most = 20

    struct Host: Hashable, Sendable {
        /// In lower case, or an address.
        var name: String
        var preference: Int
    }

    enum Result: Hashable, Sendable {
        /// In the order in which they are tried; never empty.
        case hosts([Host])
        /// For everybody: bounced or deferred, in our own words.
        case none(DeliveryOutcome)
    }

    /// `domain`: a name, or an address literal in its brackets. `us`: our own name; `isOurs`: the domain is one whose mail we take, so that
    /// we may be its MX. `found` comes once, on any thread, possibly before this returns.
    static func find(
        _ domain: String, us: String, isOurs: Bool, resolver: any Resolver, found: @escaping @Sendable (Result) -> Void
    ) {
        if domain.hasPrefix("[") { return found(literal(domain)) }
        guard let name = Punycode.asciiName(of: domain), !name.isEmpty else {
            return found(bounce("5.1.2 \(domain) is no domain name"))
        }
        resolver.resolve(DNSQuestion(name, .mx)) { answer in
            var random = SystemRandomNumberGenerator()
            found(read(answer, of: name, us: isOurs ? nil : us, using: &random))
        }
    }

    /// `us`: our own name, nil where it does not matter.
    static func read(_ answer: DNSAnswer, of domain: String, us: String?, using random: inout some RandomNumberGenerator) -> Result {
        switch answer.status {
        case .found: break
        // The domain is its own MX; whether it has an address will be seen.
        case .noData: return us?.lowercased() == domain ? loop(domain) : .hosts([Host(name: domain, preference: 0)])
        case .nameError: return bounce("5.1.2 the domain \(domain) does not exist")
        case .failed, .timeout, .cancelled:
            let why = answer.detail.isEmpty ? "\(answer.status)" : answer.detail
            return .none(.deferred(DeliveryFailure(detail: "4.4.3 no MX of \(domain): \(why)", isNextHopsFault: true)))
        }
        if answer.records.count == 1, answer.records[0].dropFirst(2) == [0] {
            return bounce("5.1.10 the domain \(domain) takes no mail (null MX)")
        }
        var hosts = Set(answer.records.compactMap(host))
        // What stands in our place or behind it would only bring the message back to us.
        if let us = us?.lowercased(), let ours = hosts.filter({ $0.name == us }).map(\.preference).min() {
            hosts = hosts.filter { $0.preference < ours }
            if hosts.isEmpty { return loop(domain) }
        }
        guard !hosts.isEmpty else { return bounce("5.4.4 no MX of \(domain) is a host name") }
        // Those of equal preference in any order, so that all get their share.
        let keyed = hosts.sorted { $0.name < $1.name }.map { (host: $0, key: random.next()) }
        let sorted = keyed.sorted { ($0.host.preference, $0.key) < ($1.host.preference, $1.key) }.map(\.host)
        var seen: Set<String> = []
        return .hosts(Array(sorted.filter { seen.insert($0.name).inserted }.prefix(most)))
    }

    private static func bounce(_ why: String) -> Result { .none(.bounced(DeliveryFailure(detail: why))) }

    private static func loop(_ domain: String) -> Result { bounce("5.4.6 mail for \(domain) would come back to us: we are its MX") }

    /// nil: no record, or a name that cannot be a host's: an address, `localhost`, bytes beyond letters, digits, `-` and `_`.
    static func host(_ record: [UInt8]) -> Host? {
        guard record.count > 3 else { return nil }
        let preference = Int(record[0]) << 8 | Int(record[1])
        var labels: [String] = []
        var rest = record[2...]
        while let length = rest.popFirst(), length > 0 {
            guard length < 64, rest.count > Int(length) else { return nil }
            let label = rest.prefix(Int(length)).map { (65...90).contains($0) ? $0 | 0x20 : $0 }
            guard label.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 0x2D || $0 == 0x5F }) else { return nil }
            labels.append(String(decoding: label, as: UTF8.self))
            rest = rest.dropFirst(Int(length))
        }
        let name = labels.joined(separator: ".")
        guard !labels.isEmpty, rest.isEmpty, name.utf8.count <= 253, labels.last != "localhost",
            !labels.last!.utf8.allSatisfy({ (48...57).contains($0) })
        else { return nil }
        return Host(name: name, preference: preference)
    }

    /// RFC 5321 section 4.1.3.
    private static func literal(_ domain: String) -> Result {
        var text = domain.dropFirst()
        guard text.popLast() == "]" else { return bounce("5.1.2 \(domain) is no address literal") }
        let isIPv6 = text.lowercased().hasPrefix("ipv6:")
        if isIPv6 { text = text.dropFirst(5) }
        guard let address = IPAddress(text), isIPv6 == text.utf8.contains(UInt8(ascii: ":")) else {
            return bounce("5.1.2 \(domain) is no address literal that we know")
        }
        return .hosts([Host(name: address.description, preference: 0)])
    }
}
