/// What MAIL FROM names: where a DSN would go (RFC 5321 section 4.1.1.2).
public enum ReversePath: Hashable, Sendable, CustomStringConvertible {
    /// `<>`: DSNs and the like. Never answered with another DSN.
    case null
    case address(EmailAddress)

    /// Without angle brackets; empty for `null`.
    public var description: String {
        switch self {
        case .null: ""
        case .address(let address): address.description
        }
    }

    /// Reads back what `description` wrote.
    public init?(unchecked text: String) {
        if text.isEmpty { self = .null } else if let a = EmailAddress(unchecked: text) { self = .address(a) } else { return nil }
    }
}
