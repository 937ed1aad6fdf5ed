/// What is demanded of TLS with a next hop beyond its mode.
public struct TLSDemands: Hashable, Sendable {
    public var needsTLS13 = false
    /// With `verify`: the certificate names the host, as the operator means it.
    public var checksHost = true
    /// With `verify`: of each of these the certificate has one name.
    public var names: [[String]] = []

    public init() {}
}

extension NextHop {
    /// This server as the requirements want it used; nil: it must not be, or cannot meet them.
    public func meeting(_ requirements: [RouteRequirement]) -> NextHop? {
        var hop = self
        let verified = requirements.filter(\.isVerified)
        let needsTLS = requirements.contains { $0.minimumTLS > .undemanded || $0.isVerified }
        for requirement in requirements where !requirement.hosts.isEmpty {
            guard requirement.hosts.contains(where: { PresentedName.matches(host, pattern: $0) }) else { return nil }
        }
        // There is no TLS with a socket of this machine.
        if needsTLS, isUnixSocket { return nil }
        if !verified.isEmpty {
            hop.demands.checksHost = tls == .verify || verified.contains { $0.names.isEmpty }
            hop.demands.names += verified.map(\.names).filter { !$0.isEmpty }
            hop.tls = .verify
        } else if needsTLS, tls == .never || tls == .opportunistic {
            hop.tls = .require
        }
        if requirements.contains(where: { $0.minimumTLS == .v13 }) { hop.demands.needsTLS13 = true }
        return hop
    }
}
