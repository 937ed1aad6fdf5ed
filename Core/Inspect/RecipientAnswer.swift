import Mail

/// What RCPT comes to.
struct RecipientAnswer: Sendable {
    var reply: Reply
    /// There is no such mailbox: many of these are a search for addresses.
    var isUnknown = false

    static let ok = RecipientAnswer(reply: Reply(.recipientOK, "Recipient ok"))
}

/// Whether a domain has a mailbox.
enum Existence: Sendable {
    case known
    /// For the log.
    case unknown(String)
    case undetermined(String)
}

extension Inspector {
    /// `then` comes once, on any thread, possibly before this returns.
    func find(_ address: EmailAddress, _ policy: DomainPolicy, then: @escaping @Sendable (Existence) -> Void) {
        if address.isAlwaysAccepted { return then(.known) }
        // What is sent on need not exist where the others are.
        if policy.mailbox(address)?.redirects.isEmpty == false { return then(.known) }
        switch policy.recipients {
        case .any: then(.known)
        case .list(let names):
            let isListed = policy.lookupNames(of: address).contains { names.contains($0) }
            then(isListed ? .known : .unknown("not in the domain's recipients"))
        case .callout(let callout):
            // A scan asks nobody.
            guard let verifier else { return then(.known) }
            // The whole address: what the next hop knows is what can be delivered.
            verifier.verify(address, nextHops: policy.deliverTo, callout) { [metrics, log] existence in
                metrics.calledOut(existence)
                switch existence {
                case .exists: then(.known)
                case .unknown(let words): then(.unknown("callout: \(words)"))
                case .undetermined(let why):
                    if callout.undetermined == .defer { return then(.undetermined("callout: \(why)")) }
                    log.write(MailEvent("callout", [("to", .text("\(address)")), ("result", "undetermined"), ("said", .text(why))]))
                    then(.known)
                }
            }
        }
    }
}
