import Mail

/// A place to listen on, and what its sessions may do.
public struct SMTPListener: Sendable {
    public enum Place: Hashable, Sendable {
        /// An address (`0.0.0.0`, `::`, `127.0.0.1`) and a port; 0: any free one, for tests.
        case port(String, Int)
        /// A Unix socket's path.
        case socket(String)
    }

    public enum Authentication: Hashable, Sendable {
        /// AUTH is not offered.
        case off
        /// Offered under TLS; MAIL goes without where the client's network is allowed to.
        case optional
        /// No MAIL without it.
        case required
    }

    public var place: Place
    /// The rights of a Unix socket's file.
    public var socketMode: UInt16 = 0o660
    public var role: ListenerRole
    /// nil: TLS is not offered.
    public var tls: ServerTLS?
    /// MAIL is refused before STARTTLS.
    public var requiresTLS = false
    /// The handshake comes first, without STARTTLS (RFC 8314 section 3).
    public var isImplicitTLS = false
    public var authentication = Authentication.off
    /// LMTP instead of SMTP (RFC 2033).
    public var isLMTP = false
    /// A CR or LF that stands alone becomes CR LF instead of a refusal.
    public var normalizesLineEnds = false
    /// Peers whose connections begin with a PROXY header, and must.
    public var proxies: [IPNetwork] = []
    /// Peers that may speak XCLIENT.
    public var xclients: [IPNetwork] = []

    public init(_ place: Place, role: ListenerRole = .inbound, tls: ServerTLS? = nil) {
        self.place = place
        self.role = role
        self.tls = tls
    }

    /// As logs and errors name it.
    public var name: String {
        switch place {
        case .port(let address, let port): address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .socket(let path): path
        }
    }
}

/// Why the server does not start, for the operator: what, where, and what to do.
public struct ReceiveFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
