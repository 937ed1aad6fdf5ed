import Crypto
import Mail

/// The sender rewriting scheme: reverse-paths of redirected mail, so that SPF passes where it goes and bounces find their way back. Pure.
///
/// `anna@else.example` becomes `SRS0=HHHHHH=TT=else.example=anna@our.example`: a keyed hash, the day, the domain, the local part. One that
/// another server has rewritten becomes `SRS1=HHHHHH=their.example==...`, which leads back to that server. Hash and day are written in
/// base 32 and compared without regard to case, since local parts lose theirs on the way.
public struct SenderRewriting: Sendable {
    public enum Reading: Hashable, Sendable {
        /// It is none of these addresses.
        case other
        /// What it stands for.
        case genuine(EmailAddress)
        /// It looks like one and is not ours, or too old. The reason is for the log.
        case refused(String)
    }

    /// How long bounces come back: longer than anybody's queue.
    public static let validDays = 21
    /// RFC 5321 section 4.5.3.1.1, in octets.
    static let longestLocalPart = 64
    /// 30 bits.
    static let hashLength = 6

    /// The first one writes; all of them read.
    private let keys: [SymmetricKey]

    public init(secrets: [[UInt8]]) { keys = secrets.map { SymmetricKey(data: $0) } }

    // MARK: Writing

    /// The address at `domain` that stands for `sender`. nil: there is none, because the local part would grow too long, or is quoted, or the
    /// domain is an address.
    public func rewritten(_ sender: EmailAddress, at domain: String, on time: Timestamp) -> EmailAddress? {
        guard let key = keys.first, !sender.localPart.isEmpty, !sender.localPart.hasPrefix("\""), !sender.domain.isEmpty,
            !sender.domain.hasPrefix("[")
        else { return nil }
        let local: String
        if let (kind, rest) = Self.parted(sender.localPart), let chained = chained(kind, rest, sender.domain, key) {
            local = chained
        } else {
            let day = Self.base32(Self.day(time), length: 2)
            let hash = Self.hash(.first, [day, sender.domain, sender.localPart], key)
            local = "SRS0=\(hash)=\(day)=\(sender.domain)=\(sender.localPart)"
        }
        guard local.utf8.count <= Self.longestLocalPart else { return nil }
        return EmailAddress(localPart: local, domain: domain)
    }

    /// Of an address that somebody has rewritten already: the way back to the first server, however many are between.
    private func chained(_ kind: Kind, _ rest: Substring, _ domain: String, _ key: SymmetricKey) -> String? {
        switch kind {
        case .first: return "SRS1=\(Self.hash(.chained, [domain, String(rest)], key))=\(domain)=\(rest)"
        case .chained:
            let parts = rest.dropFirst().split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false)
            // The other server's word for it: what is no name could be told to nobody.
            guard parts.count == 3, Self.isHostName(parts[1]), Self.isSeparated(parts[2]) else { return nil }
            return "SRS1=\(Self.hash(.chained, [String(parts[1]), String(parts[2])], key))=\(parts[1])=\(parts[2])"
        }
    }

    // MARK: Reading

    public func read(_ address: EmailAddress, on time: Timestamp) -> Reading {
        guard let (kind, rest) = Self.parted(address.localPart) else { return .other }
        switch kind {
        case .first:
            let parts = rest.dropFirst().split(separator: "=", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 4, !parts[2].isEmpty, !parts[3].isEmpty else { return .refused("malformed") }
            guard isGenuine(.first, parts[0], [parts[1], parts[2], parts[3]]) else { return .refused("the hash is not ours") }
            guard let day = Self.value(parts[1]) else { return .refused("malformed") }
            let age = (Self.day(time) - day + 1024) % 1024
            // A day less than none: another clock.
            guard age <= Self.validDays || age == 1023 else { return .refused("\(age) days old") }
            return .genuine(EmailAddress(localPart: parts[3], domain: parts[2]))
        case .chained:
            let parts = rest.dropFirst().split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, !parts[1].isEmpty, Self.isSeparated(parts[2][...]) else { return .refused("malformed") }
            guard isGenuine(.chained, parts[0], [parts[1], parts[2]]) else { return .refused("the hash is not ours") }
            return .genuine(EmailAddress(localPart: "SRS0" + parts[2], domain: parts[1]))
        }
    }

    /// The digit is part of what is hashed: what was signed as the one must never be read as the other.
    private enum Kind: String { case first = "0", chained = "1" }

    /// What follows `SRS0` in the address of another server.
    private static func isSeparated(_ rest: Substring) -> Bool { rest.first.map("=+-".contains) ?? false }

    /// `SRS0` or `SRS1` and the rest, which begins with its separator.
    private static func parted(_ localPart: String) -> (Kind, Substring)? {
        let name = EmailAddress.folded(String(localPart.prefix(4)))
        let rest = localPart.dropFirst(4)
        guard isSeparated(rest) else { return nil }
        switch name {
        case "srs0": return (.first, rest)
        case "srs1": return (.chained, rest)
        default: return nil
        }
    }

    /// Labels of ASCII letters, digits and hyphens (RFC 5321 section 4.1.2).
    private static func isHostName(_ text: Substring) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else { return false }
            return label.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        }
    }

    private func isGenuine(_ kind: Kind, _ given: String, _ parts: [String]) -> Bool {
        let folded = given.uppercased()
        return keys.contains { key in
            let wanted = Self.hash(kind, parts, key)
            guard folded.utf8.count == wanted.utf8.count else { return false }
            // The same time for every wrong hash.
            return zip(folded.utf8, wanted.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
        }
    }

    private static func hash(_ kind: Kind, _ parts: [String], _ key: SymmetricKey) -> String {
        let text = ([kind.rawValue] + parts).map(EmailAddress.folded).joined(separator: "=")
        let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
        let bits = code.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) } >> 2
        return base32(Int(bits), length: hashLength)
    }

    // MARK: Days in base 32

    /// RFC 4648 section 6.
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    private static func day(_ time: Timestamp) -> Int { Int(max(0, time.seconds) / 86_400 % 1024) }

    private static func base32(_ value: Int, length: Int) -> String {
        String(decoding: (0..<length).reversed().map { digits[value >> (5 * $0) & 31] }, as: UTF8.self)
    }

    private static func value(_ text: String) -> Int? {
        guard text.utf8.count == 2 else { return nil }
        var value = 0
        for byte in text.uppercased().utf8 {
            guard let digit = digits.firstIndex(of: byte) else { return nil }
            value = value << 5 | digit
        }
        return value
    }
}
