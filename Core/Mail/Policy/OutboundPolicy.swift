/// `outbound:` of a domain: its own mail on the way out.
public struct OutboundPolicy: Hashable, Sendable {
    public var filters: [FilterStep] = []
    /// Where all of it goes. Sorted by preference; never empty.
    public var deliverTo: [NextHop] = []
    /// Clients that may send for this domain without a login.
    public var networks: [IPNetwork] = []
    /// Login with its domain, in lower case -> hashed password (`$argon2id$...`).
    public var accounts: [String: String] = [:]

    public init() {}
}
