import Mail

/// Whose doing it is what a call brings with it, a fault or a long time: the client's, or the user's who has logged in; of a server seen, the
/// server's; of a way, whoever has its end.
public enum CallOrigin: Sendable {
    case client(IPAddress)
    /// From wherever: a stolen password is used from many networks. With the domain on whose behalf the call is, where there is one.
    case user(String, domain: String?, from: IPAddress)
    case server(IPAddress)
    case destination(String)

    public init(_ call: borrowing FilterCall) {
        if let server = call.peer?.address {
            self = .server(server)
        } else if let route = call.route {
            self = .destination(route.destination)
        } else {
            self.init(call.session, domain: call.domain)
        }
    }

    /// Of what is done for a session beside its calls.
    public init(_ session: SessionFacts, domain: String? = nil) {
        self = session.login.map { .user($0, domain: domain, from: session.client) } ?? .client(session.client)
    }

    /// Those of one network are one sender: /24, /64.
    public var sender: Sender {
        if case .user(let login, _, _) = self { .user(login) } else { network(64) }
    }

    /// Whose work it is where many want their turn. Whoever has one IPv6 network mostly has the /48 around it, and whoever has one mailbox of a domain
    /// may well have others.
    public var site: Sender {
        guard case .user(let login, let domain, _) = self else { return network(48) }
        let own = login.lastIndex(of: "@").map { login[login.index(after: $0)...].lowercased() }
        return (own ?? domain).map { .domain($0) } ?? .user(login)
    }

    /// Two that have none of these in common are of different people: one who has several logins mostly uses them from one network.
    public var marks: [Sender] {
        if case .user(let login, _, _) = self { [.user(login), network(48)] } else { [network(48)] }
    }

    private func network(_ prefix: Int) -> Sender {
        switch self {
        case .client(let address), .user(_, _, let address): .from(IPNetwork(address, prefix: address.isIPv4 ? 24 : prefix))
        case .server(let address): .to(IPNetwork(address, prefix: address.isIPv4 ? 24 : prefix).description)
        case .destination(let name): .to(name)
        }
    }

    public enum Sender: Hashable, Sendable, CustomStringConvertible {
        case from(IPNetwork)
        case user(String)
        /// All its users who have logged in.
        case domain(String)
        case to(String)

        public var description: String {
            switch self {
            case .from(let network): "mail of \(network)"
            case .user(let login): "mail of the user \(String(printable: login.utf8.prefix(64)))"
            case .domain(let domain): "mail of users of \(String(printable: domain.utf8.prefix(64)))"
            case .to(let end): "mail to \(end)"
            }
        }
    }
}
