import Mail
import Receive
import Settings

/// Listener settings -> what Receive opens.
enum Listeners {
    static func make(_ settings: [ListenerSettings], _ certificates: Certificates) throws -> [SMTPListener] {
        try settings.map { listener in
            let place: SMTPListener.Place =
                switch listener.place {
                case .port(let endpoint): .port(endpoint.address.description, endpoint.port)
                case .socket(let path, _): .socket(path)
                }
            var made = SMTPListener(place, role: listener.role, tls: try listener.tls.map(certificates.tls))
            if case .socket(_, let mode) = listener.place { made.socketMode = mode }
            made.requiresTLS = listener.requiresTLS
            made.isImplicitTLS = listener.isImplicitTLS
            made.authentication =
                switch listener.authentication {
                case .off: .off
                case .optional: .optional
                case .required: .required
                }
            made.isLMTP = listener.isLMTP
            made.normalizesLineEnds = listener.lineEnds == .normalize
            made.proxies = listener.proxies
            made.xclients = listener.xclients
            return made
        }
    }
}
