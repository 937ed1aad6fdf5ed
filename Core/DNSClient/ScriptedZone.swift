/// Names and what the DNS says of them, from a file. Pure: an answer is a function of the question.
import Mail

public struct ScriptedZone: Hashable, Sendable {
    /// What a name has.
    public enum Entry: Hashable, Sendable {
        case records([DNSType: [ResourceData]], isSecure: Bool = false, ttl: UInt32 = 300)
        /// A CNAME.
        case alias(WireName, isSecure: Bool = false)
        case timeout
        /// SERVFAIL.
        case failure
        /// NXDOMAIN, as if it were not listed.
        case nameError
    }

    /// Keyed by name in lower case.
    private var entries: [WireName: Entry] = [:]
    /// CNAMEs in a chain, at most; as most resolvers have it.
    private static let longestChain = 8

    public init() {}

    public subscript(name: WireName) -> Entry? {
        get { entries[name.lowercased] }
        set { entries[name.lowercased] = newValue }
    }

    /// A name that is not listed does not exist.
    public func answer(_ question: DNSQuestion) -> DNSAnswer {
        let asked: WireName
        do {
            asked = try WireName(question.name)
        } catch {
            return DNSAnswer(status: .failed, security: .indeterminate, detail: "not a domain name: \(error)")
        }
        var name = asked
        var isSecure = true
        for step in 0...Self.longestChain {
            let canonical = step == 0 ? nil : name.description
            switch self[name] {
            case .alias(let target, let secure):
                isSecure = isSecure && secure
                if question.type == .cname { return found([.name(target)], isSecure, 300, canonical) }
                name = target
            case .records(let records, let secure, let ttl):
                guard let matching = records[question.type], !matching.isEmpty else {
                    return DNSAnswer(
                        status: .noData, security: isSecure && secure ? .secure : .insecure, ttl: ttl, canonicalName: canonical)
                }
                return found(matching, isSecure && secure, ttl, canonical)
            case .timeout: return DNSAnswer(status: .timeout, security: .indeterminate, detail: "no answer from \(name)")
            case .failure: return DNSAnswer(status: .failed, security: .indeterminate, detail: "SERVFAIL")
            case .nameError, nil: return DNSAnswer(status: .nameError, ttl: 300, canonicalName: canonical)
            }
        }
        return DNSAnswer(status: .failed, security: .indeterminate, detail: "more than \(Self.longestChain) CNAMEs from \(asked)")
    }

    private func found(_ records: [ResourceData], _ isSecure: Bool, _ ttl: UInt32, _ canonical: String?) -> DNSAnswer {
        DNSAnswer(
            status: .found, security: isSecure ? .secure : .insecure, records: records.map(\.encoded), ttl: ttl, canonicalName: canonical)
    }
}
