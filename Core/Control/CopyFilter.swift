import Mail

/// Which copies are meant, beside their states: those for which all that is set is true.
public struct CopyFilter: Hashable, Sendable {
    /// Patterns (`*`, `?`, ASCII letters in either case): the recipient's domain, or the configured one that judged the copy.
    public var domain: String?
    /// The recipient's address.
    public var to: String?
    /// The reverse-path, the copy's own if it has one; `<>` for the null one.
    public var from: String?
    /// In the reason, in either case.
    public var reason: String?
    /// Received longer ago.
    public var olderThan: Duration?

    public init(domain: String? = nil, to: String? = nil, from: String? = nil, reason: String? = nil, olderThan: Duration? = nil) {
        self.domain = domain
        self.to = to
        self.from = from
        self.reason = reason
        self.olderThan = olderThan
    }

    /// Everything is meant.
    public var isEmpty: Bool { self == CopyFilter() }

    /// Bytes of each text.
    static let longest = 1024

    /// The indices of those of `message`'s copies in one of `states` that are meant.
    public func indices(of message: StoredMessage, in states: Set<RecipientState>, now: Timestamp) -> Set<Int> {
        if let olderThan, now - message.receivedAt <= olderThan { return [] }
        let domain = domain.map(Glob.init)
        let to = to.map(Glob.init)
        let from = from.map { $0 == "<>" ? Glob("") : Glob($0) }
        let reason = reason?.lowercased()
        var found: Set<Int> = []
        for copy in message.recipients where states.contains(copy.state) {
            if let domain, !domain.matches(copy.address.domain), !domain.matches(copy.policyDomain) { continue }
            if let to, !to.matches(copy.address.description) { continue }
            if let from, !from.matches((copy.reversePath ?? message.reversePath).description) { continue }
            if let reason, !copy.reason.lowercased().contains(reason) { continue }
            found.insert(copy.index)
        }
        return found
    }
}
