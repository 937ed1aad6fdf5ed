/// A mailbox address of the envelope (RFC 5321 section 4.1.2 `Mailbox`). The grammar that makes one lives in SMTP.
public struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    /// As the peer wrote it, quotes included: only the final host may interpret it (RFC 5321 section 2.3.11).
    public let localPart: String
    /// In lower case, without a final dot; an address literal keeps its brackets.
    public let domain: String

    public init(localPart: String, domain: String) {
        self.localPart = localPart
        self.domain = domain.lowercased()
    }

    /// Splits at the last `@`. No grammar check: for addresses that come from our own store or were checked before.
    public init?(unchecked text: some StringProtocol) {
        guard let at = text.lastIndex(of: "@"), at != text.startIndex, text.index(after: at) != text.endIndex else { return nil }
        self.init(localPart: String(text[..<at]), domain: String(text[text.index(after: at)...]))
    }

    public var description: String { domain.isEmpty ? localPart : localPart + "@" + domain }

    /// For comparing mailboxes: our domains treat local parts without regard to ASCII case. Only that: Unicode's would make one mailbox of
    /// several (the Kelvin sign is a `k` there).
    public var key: String { Self.folded(localPart) + "@" + domain }

    /// A local part with its ASCII letters in lower case.
    public static func folded(_ localPart: String) -> String {
        String(decoding: localPart.utf8.map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
