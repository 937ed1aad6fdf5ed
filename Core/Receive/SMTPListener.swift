import Mail
import SMTP

/// A place to listen on, and what its sessions may do.
public struct SMTPListener: Sendable {
    public enum Place: Hashable, Sendable {
        /// An address (`0.0.0.0`, `::`, `127.0.0.1`) and a port; 0: any free one, for tests.
        case port(String, Int)
        /// A Unix socket's path.
        case socket(String)
    }

    public typealias Authentication = ServerOptions.Authentication

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

    /// Over a Unix socket: there is no address that could be counted or trusted.
    var isLocal: Bool { if case .socket = place { true } else { false } }

    /// `peer`: whom the socket names.
    func expectsProxyHeader(from peer: IPAddress) -> Bool { !isLocal && proxies.contain(peer) }

    func options(for peer: IPAddress) -> ServerOptions {
        var options = ServerOptions()
        options.offersTLS = tls != nil && !isImplicitTLS
        options.requiresTLS = requiresTLS
        options.authentication = authentication
        options.isLMTP = isLMTP
        options.normalizesLineEnds = normalizesLineEnds
        options.allowsXCLIENT = !isLocal && xclients.contain(peer)
        return options
    }
}

/// Why the server does not start, for the operator: what, where, and what to do.
public struct ReceiveFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
