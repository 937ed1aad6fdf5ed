import Mail
import Receive
import Settings

/// Listener settings -> what Receive opens.
enum Listeners {
    static func make(_ settings: [ListenerSettings]) throws -> [SMTPListener] {
        try settings.map { listener in
            var made = SMTPListener(.port(listener.endpoint.address.description, listener.endpoint.port), tls: try tls(listener))
            made.requiresTLS = listener.tls?.isRequired ?? false
            return made
        }
    }

    static func tls(_ listener: ListenerSettings) throws -> ServerTLS? {
        try listener.tls.map { try SMTPListener.tlsContext(certificate: $0.certificate, key: $0.key) }
    }
}
