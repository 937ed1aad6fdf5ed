import PosternKit

/// The settings, checked for what the schema cannot say.
struct GreylistSettings: Equatable, Sendable {
    /// A client that is new here waits that long,
    var delay: Duration
    /// and must come again within this time after its first attempt.
    var window: Duration
    /// Then it is let in for so long, and from each mail on for as long again.
    var allowed: Duration
    /// After so many triplets of one network that came back the network is let in; 0: never.
    var networks: Int
    /// Greylists only what earlier filters gave at least this score.
    var fromScore: Double?
    /// For how long somebody is known whom the recipient has written to.
    var correspondents: Duration
    var allowNetworks: [Network] = []
    /// In lower case; `.example.com`: what is below it.
    var allowDomains: [String] = []

    init(_ settings: Settings) throws(SettingsError) {
        let day = Duration.seconds(86_400)
        let kept = .seconds(60)...(day * 400)
        delay = try settings.duration("delay", default: .seconds(300), in: .seconds(1)...day)
        window = try settings.duration("window", default: day * 2, in: .seconds(2)...(day * 31))
        allowed = try settings.duration("allowed", default: day * 36, in: kept)
        correspondents = try settings.duration("correspondents", default: day * 180, in: kept)
        networks = try settings.integer("networks", default: 5, in: 0...10_000)
        fromScore = try settings["from_score"]?.number()
        if window <= delay { throw (settings["window"] ?? settings).error("the window must be longer than the delay") }
        for item in try settings["allow"]?.elements() ?? [] {
            let text = try item.string()
            if let network = Network(text) {
                allowNetworks.append(network)
            } else if let domain = Self.domain(text) {
                allowDomains.append(domain)
            } else {
                throw item.error("must be an address, a CIDR like 192.0.2.0/24, a domain, or *.example.com for all below it")
            }
        }
    }

    /// `client`: 4 or 16 bytes. `domain`: the sender's, in lower case; nil for the null sender.
    func allows(_ client: [UInt8], _ domain: String?) -> Bool {
        if allowNetworks.contains(where: { $0.contains(client) }) { return true }
        guard let domain else { return false }
        return allowDomains.contains { $0.hasPrefix(".") ? domain.hasSuffix($0) : domain == $0 }
    }

    private static func domain(_ text: String) -> String? {
        let isBelow = text.hasPrefix("*.")
        let name = isBelow ? text.dropFirst(2) : text[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        // Digits alone are an address that is none.
        guard labels.count > 1, name.utf8.count <= 253, name.contains(where: \.isLetter) else { return nil }
        for label in labels {
            guard (1...63).contains(label.utf8.count), label.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
                return nil
            }
        }
        return (isBelow ? "." : "") + name.lowercased()
    }
}
