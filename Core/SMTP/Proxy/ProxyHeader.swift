import Mail

/// The PROXY protocol's header, version 1 or 2: a trusted peer tells, before the first byte of SMTP, whose connection it passes on
/// (haproxy.org, proxy-protocol.txt). Read strictly and bounded; whatever it does not tell stays as the socket says.
public struct ProxyHeader: Hashable, Sendable {
    /// nil: the peer speaks for itself (LOCAL, a health check), or does not know (UNKNOWN, UNSPEC).
    public var client: IPAddress?
    public var clientPort = 0

    public init(client: IPAddress? = nil, clientPort: Int = 0) {
        self.client = client
        self.clientPort = clientPort
    }

    public enum Reading: Hashable, Sendable {
        /// All so far could begin a header.
        case more
        /// A header of that many bytes.
        case done(ProxyHeader, length: Int)
        case malformed
    }

    /// Section 2.1: the longest line with its CR LF.
    static let longestLine = 107
    /// Section 2.2: addresses and TLVs; those in use take some hundred bytes.
    static let longestBlock = 4096

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    /// `bytes`: all that came so far, from the connection's first byte on.
    public static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        guard let first = bytes.first else { return .more }
        return first == signature[0] ? binary(bytes) : text(bytes)
    }

    // MARK: Version 1

    /// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 25 CR LF`.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> Reading {
        let head = bytes.prefix(longestLine)
        for (byte, wanted) in zip(head, "PROXY ".utf8) where byte != wanted { return .malformed }
        guard let end = head.firstIndex(of: 0x0A) else { return bytes.count < longestLine ? .more : .malformed }
        guard end > 0, bytes[end - 1] == 0x0D else { return .malformed }
        let words = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<(end - 1)]), as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: false)
        guard words.count > 1 else { return .malformed }
        // What follows UNKNOWN is to be ignored.
        if words[1] == "UNKNOWN" { return .done(ProxyHeader(), length: end + 1) }
        guard words.count == 6, let source = address(words[2], words[1]), address(words[3], words[1]) != nil, let port = port(words[4]),
            self.port(words[5]) != nil
        else { return .malformed }
        return .done(ProxyHeader(client: source, clientPort: port), length: end + 1)
    }

    private static func address(_ word: Substring, _ family: Substring) -> IPAddress? {
        switch family {
        case "TCP4": word.utf8.contains(UInt8(ascii: ":")) ? nil : IPAddress(String(word))
        case "TCP6": word.utf8.contains(UInt8(ascii: ":")) ? IPAddress(String(word)) : nil
        default: nil
        }
    }

    private static func port(_ word: Substring) -> Int? {
        guard (1...5).contains(word.utf8.count), word.utf8.allSatisfy(\.isASCIIDigit), word.first != "0" || word == "0" else { return nil }
        return UInt16(word).map(Int.init)
    }

    // MARK: Version 2

    private static func binary(_ bytes: UnsafeRawBufferPointer) -> Reading {
        for (byte, wanted) in zip(bytes, signature) where byte != wanted { return .malformed }
        guard bytes.count >= 16 else { return .more }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, bytes[12] & 15 <= 1, length <= longestBlock else { return .malformed }
        guard bytes.count >= 16 + length else { return .more }
        let total = 16 + length
        // LOCAL: the peer's own connection, addresses mean nothing.
        if bytes[12] & 15 == 0 { return .done(ProxyHeader(), length: total) }
        let size: Int
        switch bytes[13] {
        case 0x11: size = 4
        case 0x21: size = 16
        // UNSPEC, and families that a mail client cannot come over.
        default: return bytes[13] >> 4 <= 3 && bytes[13] & 15 <= 2 ? .done(ProxyHeader(), length: total) : .malformed
        }
        guard length >= 2 * size + 4, let client = IPAddress(octets: bytes[16..<(16 + size)]) else { return .malformed }
        let port = Int(bytes[16 + 2 * size]) << 8 | Int(bytes[17 + 2 * size])
        return .done(ProxyHeader(client: client, clientPort: port), length: total)
    }
}
