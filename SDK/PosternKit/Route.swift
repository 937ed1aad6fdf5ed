import CPostern

/// Where mail is about to go.
public struct Route: Sendable {
    /// The recipients' domain in lower case and A-labels, or the first of the servers' names.
    public let destination: String
    /// To the MX hosts of `destination`; else to servers that the operator named.
    public let isByMX: Bool
    /// Mail that our domains send; else what goes to their own servers.
    public let isOutbound: Bool

    init(_ raw: UnsafePointer<postern_route>) {
        destination = raw.pointee.destination.text
        isByMX = raw.pointee.flags & POSTERN_ROUTE_MX != 0
        isOutbound = raw.pointee.flags & POSTERN_ROUTE_OUTBOUND != 0
    }
}

/// What a filter demands of the way to a destination.
public struct RouteRequirement: Hashable, Sendable {
    public enum MinimumTLS: UInt32, Sendable { case undemanded, v12, v13 }

    public var minimumTLS = MinimumTLS.undemanded
    /// A certificate chain that this machine trusts, with one of `names`; none: the server's own.
    public var isVerified = false
    public var names: [String] = []
    /// Of which a server's name must match one (`*` as its first label); none: any.
    public var hosts: [String] = []
    /// Who demands it, for logs.
    public var reason = ""
    /// How long it holds, in seconds; 0: 60.
    public var ttl = 0

    public init() {}
}

extension Call {
    /// For route and peer.
    public var route: Route? { raw.pointee.route.map(Route.init) }

    /// Demands it of the way; of several all are met.
    public func require(_ requirement: RouteRequirement) {
        guard let builder else { return }
        Self.withArray(requirement.names) { names in
            Self.withArray(requirement.hosts) { hosts in
                requirement.reason.withBytes { reason in
                    var raw = postern_requirement()
                    raw.size = UInt32(MemoryLayout<postern_requirement>.size)
                    raw.flags = requirement.isVerified ? POSTERN_REQUIRE_VERIFIED : 0
                    raw.minimum_tls = requirement.minimumTLS.rawValue
                    raw.ttl = UInt32(clamping: requirement.ttl)
                    raw.names = names.baseAddress
                    raw.name_count = UInt32(names.count)
                    raw.name_size = UInt32(MemoryLayout<postern_bytes>.stride)
                    raw.hosts = hosts.baseAddress
                    raw.host_count = UInt32(hosts.count)
                    raw.host_size = UInt32(MemoryLayout<postern_bytes>.stride)
                    raw.reason = reason
                    _ = builder.pointee.require(builder, &raw)
                }
            }
        }
    }

    /// Lends the texts as an array of bytes.
    private static func withArray(_ texts: [String], _ body: (UnsafeBufferPointer<postern_bytes>) -> Void) {
        var all: [UInt8] = []
        for text in texts { all.append(contentsOf: text.utf8) }
        all.withUnsafeBufferPointer { block in
            var at = 0
            let items = texts.map { text in
                let length = text.utf8.count
                defer { at += length }
                return postern_bytes(data: block.baseAddress.map { $0 + at }, length: UInt64(length))
            }
            items.withUnsafeBufferPointer(body)
        }
    }
}
