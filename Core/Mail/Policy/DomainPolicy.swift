/// What one domains/*.yaml says, validated.
public struct DomainPolicy: Hashable, Sendable {
    /// In lower case.
    public var domain: String
    public var aliases: [String] = []
    /// Sorted by preference; never empty.
    public var deliverTo: [NextHop] = []
    public var recipients = RecipientPolicy.any
    /// In order, disabled slots included (they are listed, not run).
    public var filters: [FilterStep] = []
    /// Weights of symbols, the edge's too.
    public var scores: [String: Double] = [:]
    public var thresholds = Thresholds(tag: 5, quarantine: 7)
    /// Rejected copies of a message that was accepted for others: into quarantine, or gone.
    public var discardsRejectedCopies = false
    /// For mail that this domain's own servers and users send; nil: they may not send through us.
    public var outbound: OutboundPolicy?
    /// Keyed by `EmailAddress.key`.
    public var mailboxes: [String: MailboxPolicy] = [:]
    /// SHA-256 of the file's effective content in hex, its first 16 digits: receipts name it.
    public var digest = ""

    public init(domain: String) { self.domain = domain }

    /// The thresholds of one mailbox.
    public func thresholds(for address: EmailAddress) -> Thresholds {
        guard let mailbox = mailboxes[address.key] else { return thresholds }
        return thresholds.overridden(by: mailbox.thresholds)
    }
}

public struct MailboxPolicy: Hashable, Sendable {
    /// Overrides the domain's where set.
    public var thresholds = Thresholds()
    /// `filters: off`.
    public var hasFilters = true
    public init() {}
}

public enum RecipientPolicy: Hashable, Sendable {
    /// Whatever the next hop may say.
    case any
    /// Local parts in lower case.
    case list(Set<String>)

    public func accepts(_ address: EmailAddress) -> Bool {
        switch self {
        case .any: true
        // RFC 5321 section 4.5.1: postmaster always reaches someone.
        case .list(let localParts): localParts.contains(address.localPart.lowercased()) || address.localPart.lowercased() == "postmaster"
        }
    }
}
