import Mail

/// One entry of `listen`.
public struct ListenerSettings: Hashable, Sendable {
    public enum Place: Hashable, Sendable, CustomStringConvertible {
        case port(SocketEndpoint)
        /// A Unix socket's path, and the rights that its file gets.
        case socket(String, mode: UInt16)

        public var description: String {
            switch self {
            case .port(let endpoint): endpoint.description
            case .socket(let path, _): path
            }
        }
    }

    public enum Authentication: String, Sendable, CaseIterable { case required, optional, off }
    public enum LineEnds: String, Sendable, CaseIterable { case refuse, normalize }

    public var place: Place
    public var role = ListenerRole.inbound
    public var tls: ServerTLSPolicy?
    /// No MAIL before STARTTLS.
    public var requiresTLS = false
    /// The handshake comes first (RFC 8314 section 3).
    public var isImplicitTLS = false
    /// `off` on inbound listeners.
    public var authentication = Authentication.off
    /// LMTP instead of SMTP (RFC 2033).
    public var isLMTP = false
    /// What becomes of a CR or LF that stands alone.
    public var lineEnds = LineEnds.refuse
    /// Load balancers, whose connections begin with a PROXY header.
    public var proxies: [IPNetwork] = []
    /// Who may speak XCLIENT.
    public var xclients: [IPNetwork] = []

    public init(_ place: Place) { self.place = place }
}
