import Mail
import NIOCore

/// Where a connection goes: an address with its port, or a Unix socket.
enum ServerAddress: Hashable, Sendable {
    case ip(IPAddress, port: Int)
    case socket(path: String)

    /// `mail.example.com[192.0.2.1]:25`, or the socket's path.
    func peer(of host: String) -> String {
        switch self {
        case .ip(let address, let port): "\(host)[\(address)]:\(port)"
        case .socket(let path): path
        }
    }

    /// Throws when a path is too long for a socket.
    func resolved() throws -> SocketAddress {
        switch self {
        case .ip(let address, let port): try SocketAddress(ipAddress: address.description, port: port)
        case .socket(let path): try SocketAddress(unixDomainSocketPath: path)
        }
    }
}
