import Mail
import NIOSSL

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

    /// A context for `tls` from PEM files: TLS 1.2 at least, no client certificate. The texts of `ReceiveFailure` name the file.
    public static func tlsContext(certificate: String, key: String) throws -> ServerTLS {
        let chain: [NIOSSLCertificateSource]
        do { chain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) } } catch {
            throw ReceiveFailure("certificate \(certificate): cannot be read as PEM (\(error)); give a file with the whole chain")
        }
        guard !chain.isEmpty else { throw ReceiveFailure("certificate \(certificate): has no certificate in PEM form") }
        let privateKey: NIOSSLPrivateKey
        do { privateKey = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
            throw ReceiveFailure("key \(key): cannot be read as a PEM private key without passphrase (\(error))")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        do { return ServerTLS(try NIOSSLContext(configuration: configuration)) } catch {
            throw ReceiveFailure("certificate \(certificate) and key \(key) do not fit together (\(error))")
        }
    }
}

/// The certificates of a listener.
public final class ServerTLS: Sendable {
    public let context: NIOSSLContext
    public init(_ context: NIOSSLContext) { self.context = context }
}

/// Why the server does not start, for the operator: what, where, and what to do.
public struct ReceiveFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
