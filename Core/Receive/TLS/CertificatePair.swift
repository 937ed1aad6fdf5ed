import Mail
import NIOSSL

/// A certificate with its chain and its key, checked to fit together.
struct CertificatePair: Sendable {
    /// What the two files held: it tells a renewed certificate from the old one whatever the files' times say.
    struct Content: Equatable, Sendable {
        let certificate: [UInt8]
        let key: [UInt8]

        /// Throws `ReceiveFailure` with the name of the file that cannot be read.
        init(_ files: ServerTLSPolicy.Files) throws(ReceiveFailure) {
            certificate = try PEMFile.read(files.certificate)
            key = try PEMFile.read(files.key)
        }
    }

    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    let facts: CertificateFacts

    /// Throws `ReceiveFailure` with the names of the files.
    init(_ content: Content, _ files: ServerTLSPolicy.Files) throws(ReceiveFailure) {
        do { chain = try NIOSSLCertificate.fromPEMBytes(content.certificate) } catch {
            throw ReceiveFailure(
                "certificate \(files.certificate): is no PEM file of certificates, or not a whole one; give the server's own first, then its chain"
            )
        }
        do { key = try NIOSSLPrivateKey(bytes: content.key, format: .pem) } catch {
            throw ReceiveFailure("key \(files.key): is no PEM private key without passphrase")
        }
        facts = CertificateFacts(files: files, chain[0])
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key)))
        } catch {
            throw ReceiveFailure(
                "certificate \(files.certificate) and key \(files.key) do not fit together; give the key of this certificate")
        }
    }

    /// For a handshake whose client named a host of this certificate.
    var override: NIOSSLContextConfigurationOverride {
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = chain.map { .certificate($0) }
        override.privateKey = .privateKey(key)
        return override
    }
}
