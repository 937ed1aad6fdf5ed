/// How `UnboundResolver` resolves, and within which bounds.
import Mail

public struct UnboundOptions: Hashable, Sendable {
    /// Servers that all questions go to: `127.0.0.1`, `127.0.0.1:5353`, `[::1]:53`. Empty: recursive, from the root.
    public var forward: [String] = []
    /// DS or DNSKEY records in zone-file form, one each.
    public var trustAnchors: [String] = []
    /// Files of such records.
    public var trustAnchorFiles: [String] = []
    /// Until the asker hears `.timeout`.
    public var timeout = Duration.seconds(5)
    /// Questions in flight. Past it questions fail at once.
    public var questions = 10_000
    /// UDP sockets that libunbound opens at most: questions to servers at one time. Each is a file descriptor.
    public var sockets = 1_000
    /// Memory for answers, in bytes; record sets, messages and keys have their shares.
    public var cacheBytes = 64 << 20

    public init(forward: [String] = []) { self.forward = forward }

    /// `forward` as libunbound writes it, `127.0.0.1@5353`. nil: no address, or a port outside 1...65535.
    static func forwarder(_ text: String) -> String? {
        var host = text[...]
        var port = 53
        if host.first == "[" {
            guard let close = host.firstIndex(of: "]") else { return nil }
            let after = host[host.index(after: close)...]
            host = host[host.index(after: host.startIndex)..<close]
            if !after.isEmpty {
                guard after.first == ":", let number = Int(after.dropFirst()) else { return nil }
                port = number
            }
        } else if let colon = host.firstIndex(of: ":"), colon == host.lastIndex(of: ":") {
            guard let number = Int(host[host.index(after: colon)...]) else { return nil }
            port = number
            host = host[..<colon]
        }
        guard let address = IPAddress(host), (1...65535).contains(port) else { return nil }
        return "\(address)@\(port)"
    }
}

/// Why there is no resolver. The text names the option or the place in the file, and is for the operator.
public struct ResolverSetupError: Error, Hashable, Sendable, CustomStringConvertible {
    public var text: String
    public init(_ text: String) { self.text = text }
    public var description: String { text }
}
