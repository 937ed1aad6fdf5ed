import PosternKit

/// The settings, checked for what the schema cannot say.
struct RBLSettings: Equatable, Sendable {
    var zones: [Zone]
    /// How long all answers together are waited for.
    var wait: Duration
    var allow: [Network]
    var asksPrivate: Bool

    static let mostZones = 100

    init(_ settings: Settings) throws(SettingsError) {
        guard let list = settings["zones"] else { throw settings.error("zones is missing: name at least one zone") }
        zones = try Self.zones(list)
        wait = try settings.duration("wait", default: .seconds(5), in: .milliseconds(100) ... .seconds(60))
        allow = []
        for item in try settings["allow"]?.elements() ?? [] {
            guard let network = Network(try item.string()) else { throw item.error("must be an address or a CIDR, like 192.0.2.0/24") }
            allow.append(network)
        }
        asksPrivate = try settings.bool("ask_private", default: false)
    }

    /// Which are asked about a client of 4 or 16 bytes; none where it is allowed, or no list can know it.
    func zones(for client: [UInt8]) -> [Zone] {
        if allow.contains(where: { $0.contains(client) }) { return [] }
        if !asksPrivate, Network.unlisted.contains(where: { $0.contains(client) }) { return [] }
        return zones.filter { $0.answers(client) }
    }

    private static func zones(_ list: Settings) throws(SettingsError) -> [Zone] {
        let members = try list.members()
        guard (1...mostZones).contains(members.count) else { throw list.error("must name 1 to \(mostZones) zones") }
        var names: [String] = []
        for (text, member) in members {
            guard let name = Zone.normalized(text) else {
                throw member.error("\"\(text)\" is not a zone's name of at most \(Zone.longestName) bytes")
            }
            if names.contains(name) { throw member.error("\(name) stands there twice") }
            names.append(name)
        }
        var zones: [Zone] = []
        var owners: [String: String] = [:]
        for ((_, member), (name, symbol)) in zip(members, zip(names, RBLSymbols.names(for: names))) {
            let zone = try zone(member, name, symbol)
            if let other = owners[zone.symbol] {
                throw member.error("has the symbol \(zone.symbol) as \(other) has: give one of them a `symbol`")
            }
            owners[zone.symbol] = name
            zones.append(zone)
        }
        return zones
    }

    private static func zone(_ settings: Settings, _ name: String, _ symbol: String) throws(SettingsError) -> Zone {
        var zone = Zone(name: name, symbol: symbol, codes: [])
        guard let codes = settings["codes"] else {
            zone.codes = try Self.codes(settings)
            return zone
        }
        for (key, member) in try settings.members() where !["codes", "symbol", "type"].contains(key) {
            throw member.error("is not known; known are codes, symbol, type")
        }
        zone.codes = try Self.codes(codes)
        if let given = settings["symbol"] {
            zone.symbol = try given.string()
            guard RBLSymbols.isName(zone.symbol) else {
                throw given.error(
                    "must be RBL_ and then A-Z 0-9 _, at most \(RBLSymbols.longestName) characters, and not \(RBLSymbols.unreachable)")
            }
        }
        if let type = settings["type"] {
            let word = try type.string()
            guard ["ip4", "ip6", "both"].contains(word) else { throw type.error("must be ip4, ip6 or both") }
            zone.answersIPv4 = word != "ip6"
            zone.answersIPv6 = word != "ip4"
        }
        return zone
    }

    private static func codes(_ settings: Settings) throws(SettingsError) -> [Zone.Weighted] {
        let members = try settings.members()
        if members.isEmpty { throw settings.error("must give at least one code a weight") }
        var codes: [Zone.Weighted] = []
        for (text, member) in members {
            guard let code = CodeRange(text) else {
                throw member.error(
                    "\"\(text)\" is no code: an address in 127.0.0.0/8, a range, a CIDR or *; 127.255.255.0/24 is where lists report errors"
                )
            }
            let weight = try member.number()
            guard abs(weight) <= 1000 else { throw member.error("must be a weight from -1000 to 1000") }
            codes.append(Zone.Weighted(code: code, weight: weight))
        }
        return codes
    }
}
