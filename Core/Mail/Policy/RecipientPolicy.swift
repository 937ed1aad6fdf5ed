/// `recipients:` of a domain: who gets mail at all.
public enum RecipientPolicy: Hashable, Sendable {
    /// Whatever the next hop may say.
    case any
    /// Local parts in lower case.
    case list(Set<String>)
    /// The next hop is asked.
    case callout(CalloutPolicy)
}

extension EmailAddress {
    /// For looking up: in lower case, without the quotes of a quoted string that needs none of its escapes (RFC 5321 section 4.1.2 says that
    /// both spellings mean the same mailbox).
    public var plainLocalPart: String {
        var plain = localPart[...]
        if plain.utf8.count > 2, plain.hasPrefix("\""), plain.hasSuffix("\""), !plain.utf8.contains(UInt8(ascii: "\\")) {
            plain = plain.dropFirst().dropLast()
        }
        return EmailAddress.folded(String(plain))
    }

    /// Always reach someone: RFC 5321 section 4.5.1, RFC 2142 section 2.
    public var isAlwaysAccepted: Bool { ["postmaster", "abuse"].contains(plainLocalPart) }
}
