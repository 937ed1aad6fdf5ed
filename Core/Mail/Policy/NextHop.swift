/// A server that takes a domain's mail: one line of `deliver_to`.
public struct NextHop: Hashable, Sendable, CustomStringConvertible {
    /// A host name, an address literal without brackets, or the absolute path of a Unix socket.
    public var host: String
    /// 0 with a Unix socket.
    public var port: Int
    /// Lower is tried first, as with MX.
    public var preference: Int
    public var tls: TLSMode
    /// LMTP instead of SMTP (RFC 2033): an outcome for each recipient after the data.
    public var isLMTP = false
    /// What we show when the server asks for a certificate.
    public var clientCertificate: ClientCertificate?
    /// What filters demand besides.
    public var demands = TLSDemands()

    public init(host: String, port: Int = 25, preference: Int = 10, tls: TLSMode = .opportunistic) {
        self.host = host
        self.port = port
        self.preference = preference
        self.tls = tls
    }

    /// `host` is a path.
    public var isUnixSocket: Bool { host.utf8.first == UInt8(ascii: "/") }

    public var description: String {
        if isUnixSocket { return host }
        return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// PEM files, absolute paths; read when a connection needs them, so that renewed ones count.
    public struct ClientCertificate: Hashable, Sendable {
        public var certificate: String
        public var key: String
        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    public enum TLSMode: String, Sendable, CaseIterable {
        case never, opportunistic
        /// Encrypted or not at all; the certificate is not checked.
        case require
        /// Encrypted, and the certificate names the host.
        case verify
    }
}
