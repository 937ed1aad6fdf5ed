/// An address with a prefix: `192.0.2.0/24`, `2001:db8::/32`, or one address. Pure.
public struct Network: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16, network order, host bits cleared.
    public let octets: [UInt8]
    public let prefix: Int

    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let octets = Self.octets(first) else { return nil }
        var prefix = octets.count * 8
        if parts.count == 2 {
            guard let number = Self.number(parts[1], most: prefix) else { return nil }
            prefix = number
        }
        self.init(of: octets, prefix: prefix)
    }

    /// The network of that prefix that an address of 4 or 16 bytes is in.
    public init(of address: [UInt8], prefix: Int) {
        self.prefix = min(max(prefix, 0), address.count * 8)
        octets = address.enumerated().map { i, byte in byte & ~(UInt8.max >> UInt8(min(max(prefix - 8 * i, 0), 8))) }
    }

    public func contains(_ address: [UInt8]) -> Bool {
        guard address.count == octets.count else { return false }
        for i in 0..<octets.count {
            let bits = min(max(prefix - 8 * i, 0), 8)
            if bits == 0 { return true }
            if (address[i] ^ octets[i]) >> UInt8(8 - bits) != 0 { return false }
        }
        return true
    }

    /// An IPv4-mapped IPv6 address is an IPv4 client.
    public static func unmapped(_ octets: [UInt8]) -> [UInt8] {
        octets.count == 16 && octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            ? Array(octets[12...]) : octets
    }

    /// 4 or 16 bytes of an address's text.
    public static func octets(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count <= 45 else { return nil }
        return text.utf8.contains(UInt8(ascii: ":")) ? ipv6(text) : ipv4(text)
    }

    private static func ipv4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { number($0, most: 255).map { UInt8($0) } }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    private static func ipv6(_ text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        var gap: Int?
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        // `::` at an end gives two empty parts there: one of them is the gap.
        if parts.count > 2, parts[0].isEmpty, parts[1].isEmpty { parts.removeFirst() }
        if parts.count > 1, parts[parts.count - 1].isEmpty, parts[parts.count - 2].isEmpty { parts.removeLast() }
        for (i, part) in parts.enumerated() {
            if part.isEmpty {
                guard gap == nil else { return nil }
                gap = octets.count
            } else if i == parts.count - 1, let tail = ipv4(part) {
                octets += tail
            } else {
                guard part.utf8.count <= 4, part.allSatisfy(\.isHexDigit), part.utf8.count == part.count,
                    let group = UInt16(part, radix: 16)
                else { return nil }
                octets += [UInt8(group >> 8), UInt8(truncatingIfNeeded: group)]
            }
        }
        guard let gap else { return octets.count == 16 ? octets : nil }
        // A single colon at an end is no gap.
        guard octets.count <= 14, text.contains("::") else { return nil }
        octets.insert(contentsOf: [UInt8](repeating: 0, count: 16 - octets.count), at: gap)
        return octets
    }

    /// Decimal digits without leading zeros.
    private static func number(_ text: some StringProtocol, most: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            text.utf8.count == 1 || text.first != "0",
            let number = Int(text), number <= most
        else { return nil }
        return number
    }

    public var description: String { "\(ClientAddress(octets: octets))/\(prefix)" }
}
