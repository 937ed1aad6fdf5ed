/// What one domains/*.yaml says, validated.
public struct DomainPolicy: Hashable, Sendable {
    /// In lower case.
    public var domain: String
    public var aliases: [String] = []
    /// Sorted by preference; never empty.
    public var deliverTo: [NextHop] = []
    public var recipients = RecipientPolicy.any
    /// What parts a mailbox from its extension (`user+tag`); nil: addresses have none.
    public var addressExtension: String? = "+"
    /// In order, disabled slots included (they are listed, not run).
    public var filters: [FilterStep] = []
    /// Weights of symbols, the edge's too.
    public var scores: [String: Double] = [:]
    public var thresholds = Thresholds(tag: 5, quarantine: 7)
    /// Rejected copies of a message that was accepted for others: into quarantine, or gone.
    public var discardsRejectedCopies = false
    /// For mail that this domain's own servers and users send; nil: they may not send through us.
    public var outbound: OutboundPolicy?
    /// Keyed by `EmailAddress.key` with the domain's main name, whichever of its names a sender uses.
    public var mailboxes: [String: MailboxPolicy] = [:]
    /// SHA-256 of the file's effective content in hex, its first 16 digits: receipts name it.
    public var digest = ""

    public init(domain: String) { self.domain = domain }
}

public struct MailboxPolicy: Hashable, Sendable {
    /// Overrides the domain's where set.
    public var thresholds = Thresholds()
    /// `filters: off`.
    public var hasFilters = true
    /// Its mail goes to these instead, judged as its own.
    public var redirects: [EmailAddress] = []
    /// `keep`: it gets its own copy too.
    public var keepsRedirected = false
    public init() {}
}

extension DomainPolicy {
    /// The names under which a local part is looked up, the most exact first: `user+tag`, then `user`.
    public func lookupNames(of address: EmailAddress) -> [String] {
        let name = address.plainLocalPart
        guard let separator = addressExtension?.first, let at = name.firstIndex(of: separator), at != name.startIndex else { return [name] }
        return [name, String(name[..<at])]
    }

    /// The settings of one mailbox of this domain.
    public func mailbox(_ address: EmailAddress) -> MailboxPolicy? {
        if mailboxes.isEmpty { return nil }
        return lookupNames(of: address).lazy.compactMap { mailboxes[$0 + "@" + domain] }.first
    }

    /// Whether any of its mailboxes sends mail on.
    public var hasRedirects: Bool { mailboxes.values.contains { !$0.redirects.isEmpty } }

    // MARK: By role

    /// False: it has no `outbound`, so there is no mail of its own on the way out.
    public func takes(_ role: ListenerRole) -> Bool { role == .inbound || outbound != nil }

    public func filters(for role: ListenerRole) -> [FilterStep] { role == .inbound ? filters : outbound?.filters ?? [] }

    public func scores(for role: ListenerRole) -> [String: Double] { role == .inbound ? scores : outbound?.scores ?? scores }

    /// Of one recipient: its mailbox's where that is one of ours.
    public func thresholds(for address: EmailAddress, role: ListenerRole = .inbound) -> Thresholds {
        if role == .outbound { return outbound?.thresholds ?? thresholds }
        return mailbox(address).map { thresholds.overridden(by: $0.thresholds) } ?? thresholds
    }

    /// False for a mailbox that wants its mail raw. Outbound mail is judged for the sender's domain, whoever gets it.
    public func hasFilters(for address: EmailAddress, role: ListenerRole) -> Bool {
        role == .outbound || mailbox(address)?.hasFilters ?? true
    }
}
