/// What a filter of the phase `route` demands of the way to a destination. Of several all are met, each by itself.
public struct RouteRequirement: Hashable, Sendable {
    /// The raw value is the ABI's.
    public enum MinimumTLS: UInt32, Sendable, Comparable {
        case undemanded, v12, v13
        public static func < (a: MinimumTLS, b: MinimumTLS) -> Bool { a.rawValue < b.rawValue }
    }

    public var minimumTLS: MinimumTLS
    /// The certificate chain is trusted, and has one of `names`.
    public var isVerified: Bool
    /// Empty: the server's own name.
    public var names: [String]
    /// Of which a server's name must match one (`*` as its first label); empty: any.
    public var hosts: [String]
    /// Who demands it, for logs.
    public var reason: String
    /// How long it holds.
    public var duration: Duration

    /// A filter that demands nothing is asked again after this time.
    public static let shortest = Duration.seconds(60)
    public static let longest = Duration.seconds(86400)

    public init(
        minimumTLS: MinimumTLS = .undemanded, isVerified: Bool = false, names: [String] = [], hosts: [String] = [], reason: String = "",
        duration: Duration = RouteRequirement.shortest
    ) {
        self.minimumTLS = minimumTLS
        self.isVerified = isVerified
        self.names = names
        self.hosts = hosts
        self.reason = reason
        self.duration = duration
    }
}
