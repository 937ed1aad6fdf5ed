import Mail
import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The TLS settings towards next hops, one per mode and client certificate, made when first needed and kept: making one reads the system's
/// certificates. A client certificate is read again when its files have changed.
final class TLSContexts: Sendable {
    /// Kept at most: far more than a configuration has at a time.
    static let most = 256

    private struct Key: Hashable {
        var mode: NextHop.TLSMode
        var certificate: NextHop.ClientCertificate?
        var needsTLS13: Bool
        var checksHost: Bool
    }

    /// Of a file: enough to see that it is another.
    private struct Stamp: Equatable {
        var inode: UInt64
        var size: Int
        var seconds: Int
        var nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            inode = UInt64(status.st_ino)
            size = Int(status.st_size)
            seconds = Int(status.st_mtim.tv_sec)
            nanoseconds = Int(status.st_mtim.tv_nsec)
        }
    }

    /// The client certificate cannot be used. One line for the log.
    struct Failure: Error { var text: String }

    private struct Made {
        var context: NIOSSLContext
        var stamps: [Stamp?]
    }

    private let trustRootsFile: String?
    private let made = Mutex<[Key: Made]>([:])

    /// `trustRootsFile`: PEM certificates that `verify` trusts; nil: the system's.
    init(trustRootsFile: String?) { self.trustRootsFile = trustRootsFile }

    /// Throws `Failure` when the certificate was never readable; half of a renewed pair leaves the old one in use.
    func context(
        for mode: NextHop.TLSMode, certificate: NextHop.ClientCertificate? = nil, demands: TLSDemands = TLSDemands()
    ) throws -> NIOSSLContext {
        let key = Key(mode: mode, certificate: certificate, needsTLS13: demands.needsTLS13, checksHost: demands.checksHost)
        let stamps = certificate.map { [Stamp($0.certificate), Stamp($0.key)] } ?? []
        return try made.withLock { made in
            let before = made[key]
            if let before, before.stamps == stamps { return before.context }
            do {
                let context = try NIOSSLContext(configuration: configuration(key))
                if made.count >= Self.most { made = [:] }
                made[key] = Made(context: context, stamps: stamps)
                return context
            } catch {
                if let before { return before.context }
                throw certificate.map { Failure(text: "client certificate \($0.certificate): \(FailureText.of(error))") } ?? error
            }
        }
    }

    private func configuration(_ key: Key) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let files = key.certificate {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))
        }
        switch key.mode {
        case .never, .opportunistic:
            // Any TLS is better than none here, so one handshake offers the whole range (RFC 7435).
            tls.minimumTLSVersion = .tlsv1
            tls.cipherSuites = "ALL"
            keepsChain(&tls)
        case .require:
            tls.minimumTLSVersion = .tlsv12
            keepsChain(&tls)
        case .verify:
            tls.minimumTLSVersion = .tlsv12
            tls.certificateVerification = key.checksHost ? .fullVerification : .noHostnameVerification
            if let trustRootsFile { tls.trustRoots = .file(trustRootsFile) }
        }
        if key.needsTLS13 { tls.minimumTLSVersion = .tlsv13 }
        return tls
    }

    /// Nothing is verified: the connection takes any chain, and keeps it. Only a verification that is on shows it.
    private func keepsChain(_ tls: inout TLSConfiguration) {
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .certificates([])
    }
}
