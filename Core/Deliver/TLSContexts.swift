import Mail
import NIOSSL
import Synchronization

/// The TLS settings towards next hops, one per mode, made when first needed and kept: making one reads the system's certificates.
final class TLSContexts: Sendable {
    private let trustRootsFile: String?
    private let made = Mutex<[NextHop.TLSMode: NIOSSLContext]>([:])

    /// `trustRootsFile`: PEM certificates that `verify` trusts; nil: the system's.
    init(trustRootsFile: String?) { self.trustRootsFile = trustRootsFile }

    func context(for mode: NextHop.TLSMode) throws -> NIOSSLContext {
        try made.withLock { made in
            if let context = made[mode] { return context }
            let context = try NIOSSLContext(configuration: configuration(mode))
            made[mode] = context
            return context
        }
    }

    private func configuration(_ mode: NextHop.TLSMode) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        switch mode {
        case .never, .opportunistic:
            // Any TLS is better than none here, so one handshake offers the whole range (RFC 7435).
            tls.minimumTLSVersion = .tlsv1
            tls.cipherSuites = "ALL"
            tls.certificateVerification = .none
        case .require:
            tls.minimumTLSVersion = .tlsv12
            tls.certificateVerification = .none
        case .verify:
            tls.minimumTLSVersion = .tlsv12
            tls.certificateVerification = .fullVerification
            if let trustRootsFile { tls.trustRoots = .file(trustRootsFile) }
        }
        return tls
    }
}
