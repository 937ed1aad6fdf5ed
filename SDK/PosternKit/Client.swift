/// The client's address, without text or name: an `IPAddress` in the order of the network.
public struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 bytes (IPv4) or 16 (IPv6), network order.
    public let octets: [UInt8]

    public init(octets: [UInt8]) { self.octets = octets }

    public var isIPv4: Bool { octets.count == 4 }

    /// The labels that DNS lists are asked with (RFC 5782 sections 2.1, 2.4): `2.0.0.127`, or 32 nibbles.
    public var reversed: String {
        if isIPv4 { return octets.reversed().map(String.init).joined(separator: ".") }
        return octets.reversed().map { String($0 & 15, radix: 16) + "." + String($0 >> 4, radix: 16) }.joined(separator: ".")
    }

    /// Dotted, or eight groups in hex.
    public var description: String {
        if isIPv4 { return octets.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2).map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }
}
