/// A network in CIDR form: `192.0.2.0/24`, `2001:db8::/32`; a bare address is a network of one.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The network's first address.
    public let address: IPAddress
    /// Leading bits that count: 0...32 for IPv4, 0...128 for IPv6.
    public let prefix: Int

    /// Bits of `address` behind the prefix are cleared.
    public init(_ address: IPAddress, prefix: Int) {
        let width = address.isIPv4 ? 32 : 128
        self.prefix = Swift.min(Swift.max(prefix, 0), width)
        var octets = address.octets
        for bit in self.prefix..<width { octets[bit / 8] &= ~(0x80 >> UInt8(bit % 8)) }
        self.address = IPAddress(octets: octets) ?? address
    }

    /// nil: malformed, or bits set behind the prefix, which is mostly a slip.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
        let most = address.isIPv4 ? 32 : 128
        guard parts.count == 2 else {
            self.init(address, prefix: most)
            return
        }
        guard parts[1].utf8.allSatisfy(\.isDigit), let prefix = Int(parts[1]), prefix <= most else { return nil }
        self.init(address, prefix: prefix)
        guard self.address == address else { return nil }
    }

    public func contains(_ other: IPAddress) -> Bool { other.isIn(address, prefix: prefix) }

    public var description: String { "\(address)/\(prefix)" }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
}

extension [IPNetwork] {
    public func contain(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
