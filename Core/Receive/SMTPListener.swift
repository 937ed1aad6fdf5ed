import Mail
import NIOSSL

/// One address and port to listen on.
public struct SMTPListener: Sendable {
    /// An address: `0.0.0.0`, `::`, `127.0.0.1`.
    public var address: String
    /// 0: any free one, for tests.
    public var port: Int
    public var role: ListenerRole
    /// nil: STARTTLS is not offered.
    public var tls: NIOSSLContext?
    /// MAIL is refused before STARTTLS.
    public var requiresTLS: Bool

    public init(address: String, port: Int, role: ListenerRole = .inbound, tls: NIOSSLContext? = nil, requiresTLS: Bool = false) {
        self.address = address
        self.port = port
        self.role = role
        self.tls = tls
        self.requiresTLS = requiresTLS
    }

    /// As logs and errors name it.
    public var name: String { address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]:\(port)" : "\(address):\(port)" }

    /// A context for `tls` from PEM files: TLS 1.2 at least, no client certificate. The texts of `ReceiveFailure` name the file.
    public static func tlsContext(certificate: String, key: String) throws -> NIOSSLContext {
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
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw ReceiveFailure("certificate \(certificate) and key \(key) do not fit together (\(error))")
        }
    }
}

/// Why the server does not start, for the operator: what, where, and what to do.
public struct ReceiveFailure: Error, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
