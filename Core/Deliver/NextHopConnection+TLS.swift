import Mail
import NIOCore
import NIOSSL

/// STARTTLS (RFC 3207): the handshake, and whether it is enough.
extension NextHopConnection {
    func startTLS() {
        guard let pipeline = context?.pipeline else { return }
        do {
            // An address literal has no SNI; its certificate is then checked against the address.
            let name = IPAddress(key.host) == nil ? key.host : nil
            let context = try contexts.context(for: key.tls, certificate: key.clientCertificate, demands: key.demands)
            presented = []
            let handler =
                key.tls == .verify
                ? try NIOSSLClientHandler(context: context, serverHostname: name)
                : try NIOSSLClientHandler(context: context, serverHostname: name) { [weak self] chain, verified in
                    self?.presented = chain
                    verified.succeed(.certificateVerified)
                }
            setDeadline(loop.now + TimeAmount(times.connectTimeout))
            try pipeline.syncOperations.addHandler(handler, position: .first)
        } catch let failure as TLSContexts.Failure {
            // Ours, so no reason to go on in clear.
            apply(machine.lost(failure.text))
        } catch { lose(FailureText.of(error)) }
    }

    func handshakeCompleted(_ context: ChannelHandlerContext) {
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        if key.tls == .verify, key.demands.checksHost, IPAddress(key.host) == nil {
            guard let certificate = handler?.peerCertificate, CertificateName.matches(key.host, certificate) else {
                return lose("the certificate does not name \(key.host)")
            }
        }
        for names in key.demands.names {
            guard let certificate = handler?.peerCertificate, names.contains(where: { CertificateName.matches($0, certificate) }) else {
                return lose("the certificate names none of \(names.joined(separator: ", "))")
            }
        }
        if key.tls == .verify { presented = handler?.peerCertificate.map { [$0] } ?? [] }
        tls = TLSFacts(version: Self.word(handler?.tlsVersion), cipher: "")
        apply(machine.tlsEstablished())
    }

    private static func word(_ version: TLSVersion?) -> String {
        switch version {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        default: "TLS"
        }
    }
}
