/// `outbound:` of a domain: its own mail on the way out.
public struct OutboundPolicy: Hashable, Sendable {
    public var filters: [FilterStep] = []
    /// Weights of symbols and thresholds for outbound mail, the domain's own ones already merged in.
    public var scores: [String: Double] = [:]
    public var thresholds = Thresholds(tag: 5, quarantine: 7)
    /// Where all of it goes, sorted by preference. Empty: to the MX hosts of each recipient's domain.
    public var deliverTo: [NextHop] = []
    /// With MX hosts.
    public var mxTLS = NextHop.TLSMode.opportunistic
    /// Clients that may send for this domain without a login.
    public var networks: [IPNetwork] = []
    /// Login with its domain, in lower case -> hashed password (`$argon2id$...`).
    public var accounts: [String: String] = [:]

    public init() {}
}
