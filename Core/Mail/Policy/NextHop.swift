/// A server that takes a domain's mail: one line of `deliver_to`.
public struct NextHop: Hashable, Sendable, CustomStringConvertible {
    /// A host name or an address literal without brackets.
    public var host: String
    public var port: Int
    /// Lower is tried first, as with MX.
    public var preference: Int
    public var tls: TLSMode

    public init(host: String, port: Int = 25, preference: Int = 10, tls: TLSMode = .opportunistic) {
        self.host = host
        self.port = port
        self.preference = preference
        self.tls = tls
    }

    public var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    public enum TLSMode: String, Sendable, CaseIterable {
        case never, opportunistic
        /// Encrypted or not at all; the certificate is not checked.
        case require
        /// Encrypted, and the certificate names the host.
        case verify
    }
}
