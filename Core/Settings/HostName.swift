import Mail

/// Names and addresses of hosts in configuration.
enum HostName {
    /// A domain name in lower case without final dot, of two labels at least when `isQualified`; nil when it is none (RFC 1035 section 2.3.4,
    /// RFC 1123 section 2.1; `_` is tolerated). Internationalised names are written in their `xn--` form.
    static func parse(_ text: String, isQualified: Bool = false) -> String? {
        var name = text.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        guard (1...253).contains(name.utf8.count) else { return nil }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= (isQualified ? 2 : 1), IPAddress(name) == nil else { return nil }
        for label in labels {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
                label.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 0x2D || $0 == 0x5F })
            else { return nil }
        }
        // A last label of digits only would read as an address.
        guard !labels[labels.count - 1].allSatisfy({ (48...57).contains($0) }) else { return nil }
        return name
    }

    /// `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`.
    static func endpoint(_ text: String, defaultPort: Int) -> SocketEndpoint? {
        if let address = IPAddress(text) { return SocketEndpoint(address: address, port: defaultPort) }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { return nil }
        return IPAddress(host).map { SocketEndpoint(address: $0, port: port) }
    }
}

/// An address with a port.
public struct SocketEndpoint: Hashable, Sendable, CustomStringConvertible {
    public var address: IPAddress
    public var port: Int

    public init(address: IPAddress, port: Int) {
        self.address = address
        self.port = port
    }

    public var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
