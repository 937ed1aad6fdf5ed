/// Reads a zone's JSON: `{"example.com": {"MX": [[10, "mx.example.com"]]}, "slow.example": "timeout"}`.
///
/// A name has "timeout", "servfail" or "nxdomain", or an object: record types with lists, and "secure": true, "ttl": SECONDS. Records are
/// A, AAAA: address; NS, PTR, CNAME: name; MX: [preference, name]; TXT: text, or a list of its character-strings; TLSA: [usage, selector,
/// matching, hex]. A list of one record may go without the list.
import Mail

extension ScriptedZone {
    public init(_ json: JSONValue) throws(ResolverSetupError) {
        self.init()
        guard case .object(let names) = json else { throw ResolverSetupError("expected an object of names") }
        for (text, value) in names.sorted(by: { $0.key < $1.key }) {
            let name = try Self.name(text, "\"\(text)\"")
            guard self[name] == nil else { throw ResolverSetupError("\"\(text)\": stands there twice, in different spelling") }
            self[name] = try Self.entry(value, "\"\(text)\"")
        }
    }

    private static func entry(_ value: JSONValue, _ place: String) throws(ResolverSetupError) -> Entry {
        switch value {
        case .string("timeout"): return .timeout
        case .string("servfail"): return .failure
        case .string("nxdomain"): return .nameError
        case .object(let members): return try records(members, place)
        default: throw ResolverSetupError("\(place): expected \"timeout\", \"servfail\", \"nxdomain\" or an object of record types")
        }
    }

    private static func records(_ members: [String: JSONValue], _ place: String) throws(ResolverSetupError) -> Entry {
        var records: [DNSType: [ResourceData]] = [:]
        var isSecure = false
        var ttl: UInt32 = 300
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            let here = "\(place) \(key)"
            switch key {
            case "secure":
                guard let flag = value.bool else { throw ResolverSetupError("\(here): expected true or false") }
                isSecure = flag
            case "ttl":
                guard let seconds = value.integer.flatMap(UInt32.init(exactly:)) else {
                    throw ResolverSetupError("\(here): expected seconds")
                }
                ttl = seconds
            default:
                guard let type = types[key.uppercased()] else {
                    throw ResolverSetupError("\(here): not a record type; known are \(types.keys.sorted().joined(separator: ", "))")
                }
                var list: [ResourceData] = []
                for (i, one) in elements(value, of: type).enumerated() { list.append(try record(type, one, "\(here)[\(i)]")) }
                records[type, default: []] += list
            }
        }
        guard let aliases = records[.cname] else { return .records(records, isSecure: isSecure, ttl: ttl) }
        // RFC 1034 section 3.6.2: a CNAME stands alone.
        guard records.count == 1, aliases.count == 1, case .name(let target) = aliases[0] else {
            throw ResolverSetupError("\(place) CNAME: must be one, and alone")
        }
        return .alias(target, isSecure: isSecure)
    }

    private static let types: [String: DNSType] = [
        "A": .a, "AAAA": .aaaa, "NS": .ns, "PTR": .ptr, "CNAME": .cname, "MX": .mx, "TXT": .txt, "TLSA": .tlsa,
    ]

    /// The records of a type. `[10, "mx"]` is one MX without its list.
    private static func elements(_ value: JSONValue, of type: DNSType) -> [JSONValue] {
        guard case .array(let list) = value else { return [value] }
        if type == .mx || type == .tlsa, let first = list.first, first.array == nil { return [value] }
        return list
    }

    private static func record(_ type: DNSType, _ value: JSONValue, _ place: String) throws(ResolverSetupError) -> ResourceData {
        switch type {
        case .a, .aaaa:
            guard let address = value.string.flatMap({ IPAddress($0) }), address.isIPv4 == (type == .a) else {
                throw ResolverSetupError("\(place): expected an IPv\(type == .a ? 4 : 6) address")
            }
            return .address(address)
        case .mx:
            guard let parts = value.array, parts.count == 2, let host = parts[1].string,
                let preference = parts[0].integer.flatMap(UInt16.init(exactly:))
            else { throw ResolverSetupError("\(place): expected [preference, \"host\"]") }
            return .mx(preference: preference, exchange: try name(host, place))
        case .txt:
            if let text = value.string { return .txt(text) }
            guard let strings = value.array?.map(\.string), !strings.isEmpty,
                strings.allSatisfy({ $0.map { $0.utf8.count <= 255 } ?? false })
            else { throw ResolverSetupError("\(place): expected a text, or a list of texts of at most 255 bytes") }
            return .txt(strings.map { Array($0!.utf8) })
        case .tlsa:
            guard let parts = value.array, parts.count == 4, let data = parts[3].string.flatMap(bytes(hex:)),
                let usage = parts[0].integer.flatMap(UInt8.init(exactly:)), let selector = parts[1].integer.flatMap(UInt8.init(exactly:)),
                let matching = parts[2].integer.flatMap(UInt8.init(exactly:))
            else { throw ResolverSetupError("\(place): expected [usage, selector, matching, \"hex\"]") }
            return .tlsa(usage: usage, selector: selector, matching: matching, data: data)
        default:
            guard let text = value.string else { throw ResolverSetupError("\(place): expected a name") }
            return .name(try name(text, place))
        }
    }

    private static func name(_ text: String, _ place: String) throws(ResolverSetupError) -> WireName {
        do { return try WireName(text) } catch { throw ResolverSetupError("\(place): not a domain name: \(error)") }
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count % 2 == 0, digits.count <= 8192 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).reduce(into: [UInt8]?([])) { out, i in
            guard let high = digits[i], let low = digits[i + 1] else { return out = nil }
            out?.append(UInt8(high << 4 | low))
        }
    }
}
