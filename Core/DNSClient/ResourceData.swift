/// RDATA of the types that mail needs, to and from wire form (RFC 1035 section 3.3, RFC 3596, RFC 6698).
import Mail

public enum ResourceData: Hashable, Sendable {
    /// A or AAAA.
    case address(IPAddress)
    /// NS, CNAME or PTR.
    case name(WireName)
    case mx(preference: UInt16, exchange: WireName)
    /// The character-strings, each of at most 255 bytes.
    case txt([[UInt8]])
    case tlsa(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8])

    /// One TXT record of any text: cut into character-strings of 255 bytes.
    public static func txt(_ text: some StringProtocol) -> ResourceData {
        let bytes = Array(text.utf8)
        if bytes.isEmpty { return .txt([[]]) }
        return .txt(stride(from: 0, to: bytes.count, by: 255).map { Array(bytes[$0..<min($0 + 255, bytes.count)]) })
    }

    /// Wire form. Names in it are uncompressed.
    public var encoded: [UInt8] {
        switch self {
        case .address(let address): address.octets
        case .name(let name): name.bytes
        case .mx(let preference, let exchange):
            [UInt8(preference >> 8), UInt8(truncatingIfNeeded: preference)] + exchange.bytes
        case .txt(let strings): strings.flatMap { [UInt8(min($0.count, 255))] + $0.prefix(255) }
        case .tlsa(let usage, let selector, let matching, let data): [usage, selector, matching] + data
        }
    }

    /// nil: a type that is not known here, or bytes that are none of it. Nothing may be left over.
    public init?(_ type: DNSType, _ rdata: [UInt8]) {
        switch type {
        case .a, .aaaa:
            guard rdata.count == (type == .a ? 4 : 16), let address = IPAddress(octets: rdata) else { return nil }
            self = .address(address)
        case .ns, .cname, .ptr:
            guard let name = WireName(prefixOf: rdata), name.bytes.count == rdata.count else { return nil }
            self = .name(name)
        case .mx:
            guard rdata.count > 2, let exchange = WireName(prefixOf: rdata[2...]), exchange.bytes.count == rdata.count - 2 else {
                return nil
            }
            self = .mx(preference: UInt16(rdata[0]) << 8 | UInt16(rdata[1]), exchange: exchange)
        case .txt:
            var strings: [[UInt8]] = []
            var rest = rdata[...]
            while let length = rest.popFirst() {
                guard rest.count >= Int(length) else { return nil }
                strings.append(Array(rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            }
            guard !strings.isEmpty else { return nil }
            self = .txt(strings)
        case .tlsa:
            guard rdata.count >= 3 else { return nil }
            self = .tlsa(usage: rdata[0], selector: rdata[1], matching: rdata[2], data: Array(rdata[3...]))
        default: return nil
        }
    }
}
