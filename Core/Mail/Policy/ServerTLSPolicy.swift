/// `tls:` of a listener: what it shows and what it takes.
public struct ServerTLSPolicy: Hashable, Sendable {
    /// A certificate with its key.
    public struct Files: Hashable, Sendable {
        /// PEM file: the server's own certificate, then its chain.
        public var certificate: String
        /// PEM file, without passphrase.
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    public enum Version: String, Sendable, CaseIterable, Comparable {
        case tls10 = "1.0"
        case tls11 = "1.1"
        case tls12 = "1.2"
        case tls13 = "1.3"

        public static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
    }

    /// Never empty. The first is for clients that name no host, or one that no certificate has (RFC 6066 section 3).
    public var certificates: [Files]
    public var least = Version.tls12
    public var most = Version.tls13
    /// For TLS 1.2 and before; never empty.
    public var suites = CipherSuite.preset

    public init(certificates: [Files]) { self.certificates = certificates }
}
