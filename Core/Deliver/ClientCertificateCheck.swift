import Mail
import NIOSSL

/// Whether what we would show to a next hop can be shown at all: for settings, before the first handshake needs it.
public enum ClientCertificateCheck {
    /// What is wrong with the two files, in a few words; nil: nothing. Reads them: not on an event loop.
    public static func problem(_ files: NextHop.ClientCertificate) -> String? {
        var tls = TLSConfiguration.makeClientConfiguration()
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
            if chain.isEmpty { return "`\(files.certificate)` holds no certificate" }
            tls.certificateChain = chain.map { .certificate($0) }
        } catch { return "`\(files.certificate)` is no PEM file of certificates, or not a whole one" }
        do {
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))
        } catch { return "`\(files.key)` is no PEM private key without passphrase" }
        // Nobody is verified here: the system's certificates are not read for it.
        tls.certificateVerification = .none
        do { _ = try NIOSSLContext(configuration: tls) } catch {
            return "certificate `\(files.certificate)` and key `\(files.key)` do not fit together"
        }
        return nil
    }
}
