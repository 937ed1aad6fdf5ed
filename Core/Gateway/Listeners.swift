import Mail
import NIOSSL
import Receive
import Settings

/// Listener settings -> what Receive opens.
enum Listeners {
    static func make(_ settings: [ListenerSettings]) throws -> [SMTPListener] {
        try settings.map { listener in
            SMTPListener(
                address: listener.endpoint.address.description, port: listener.endpoint.port, role: .inbound, tls: try tls(listener),
                requiresTLS: listener.tls?.isRequired ?? false)
        }
    }

    static func tls(_ listener: ListenerSettings) throws -> NIOSSLContext? {
        try listener.tls.map { try SMTPListener.tlsContext(certificate: $0.certificate, key: $0.key) }
    }
}
