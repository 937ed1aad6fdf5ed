import Mail

/// Whose doing it is what a call brings with it, a fault or a long time: the client's, or the user's who has logged in; of a server seen, the
/// server's; of a way, whoever has its end.
public enum CallOrigin: Sendable {
    case client(IPAddress)
    /// From wherever: a stolen password is used from many networks.
    case user(String)
    case server(IPAddress)
    case destination(String)

    public init(_ call: borrowing FilterCall) {
        if let server = call.peer?.address {
            self = .server(server)
        } else if let route = call.route {
            self = .destination(route.destination)
        } else if let login = call.session.login {
            self = .user(login)
        } else {
            self = .client(call.session.client)
        }
    }

    /// Those of one network are one sender: /24, /64.
    public var sender: Sender { group(64) }

    /// Whoever has one IPv6 network mostly has the /48 around it.
    public var site: Sender { group(48) }

    private func group(_ prefix: Int) -> Sender {
        switch self {
        case .client(let address): .from(IPNetwork(address, prefix: address.isIPv4 ? 24 : prefix))
        case .user(let login): .user(login)
        case .server(let address): .to(IPNetwork(address, prefix: address.isIPv4 ? 24 : prefix).description)
        case .destination(let name): .to(name)
        }
    }

    public enum Sender: Hashable, Sendable, CustomStringConvertible {
        case from(IPNetwork)
        case user(String)
        case to(String)

        public var description: String {
            switch self {
            case .from(let network): "mail of \(network)"
            case .user(let login): "mail of the user \(String(printable: login.utf8.prefix(64)))"
            case .to(let end): "mail to \(end)"
            }
        }
    }
}
