import Mail
import SRS

/// Where the copies of mailboxes that redirect go, and those of bounces that come back to a reverse-path which we have rewritten. Pure.
struct Redirection {
    struct Target: Equatable {
        let address: EmailAddress
        let reversePath: ReversePath
        /// NOTIFY for this copy.
        let notify: NotifyConditions?
        /// ORCPT for this copy.
        let original: String?
    }

    struct Answer {
        /// Empty: it is an ordinary mailbox.
        var targets: [Target] = []
        /// The mailbox gets its own copy too.
        var keepsOriginal = true
    }

    let snapshot: PolicySnapshot
    /// nil: reverse-paths stay as they are.
    let srs: SenderRewriting?
    let reversePath: ReversePath
    let role: ListenerRole
    let now: Timestamp

    func callAsFunction(_ recipient: Recipient) -> Answer {
        if let sender = recipient.standsFor {
            // Only bounces were accepted for it.
            let target = Target(address: sender, reversePath: .null, notify: recipient.notify, original: recipient.originalRecipient)
            return Answer(targets: [target], keepsOriginal: false)
        }
        guard let policy = owner(recipient), let mailbox = policy.mailbox(recipient.address), !mailbox.redirects.isEmpty else {
            return Answer()
        }
        let path = rewritten(for: policy.domain)
        // RFC 3461 section 5.2.7: NOTIFY and ORCPT go on. Success could be told once for every copy, so that with several nobody is asked to.
        let isOne = mailbox.redirects.count == 1 && !mailbox.keepsRedirected
        let notify = isOne ? recipient.notify : recipient.notify?.subtracting(.success)
        let original = recipient.originalRecipient ?? "rfc822;\(XText.encode(recipient.address.description))"
        return Answer(
            targets: mailbox.redirects.map { Target(address: $0, reversePath: path, notify: notify, original: original) },
            keepsOriginal: mailbox.keepsRedirected)
    }

    private func owner(_ recipient: Recipient) -> DomainPolicy? {
        guard role == .outbound else { return snapshot.domains[recipient.policyDomain] }
        return snapshot.owner(of: recipient.address, sentBy: snapshot.domains[recipient.policyDomain])
    }

    /// A sender of a domain of ours may send through us already; one that cannot be rewritten stays as it is.
    private func rewritten(for domain: String) -> ReversePath {
        guard case .address(let sender) = reversePath, snapshot.policy(of: sender.domain) == nil else { return reversePath }
        return srs?.rewritten(sender, at: domain, on: now).map { .address($0) } ?? reversePath
    }

    /// Mailboxes among `recipients` through which this message has been before: its header names them in Delivered-To.
    func loops(_ recipients: [Recipient], deliveredTo: () -> [String]) -> Set<Int> {
        let redirecting = recipients.indices.filter { index in
            owner(recipients[index])?.mailbox(recipients[index].address)?.redirects.isEmpty == false
        }
        if redirecting.isEmpty { return [] }
        let seen = Set(deliveredTo().compactMap { EmailAddress(unchecked: $0)?.key })
        return Set(redirecting.filter { seen.contains(recipients[$0].address.key) })
    }
}

extension PolicySnapshot {
    /// The domain of ours by whose mailboxes an address of outbound mail is resolved: known, redirected, a reverse-path that we have rewritten.
    /// nil: it is another's, or all mail of the sender's domain goes to a relay, from which it comes back to an inbound listener.
    func owner(of address: EmailAddress, sentBy sender: DomainPolicy?) -> DomainPolicy? {
        guard let outbound = sender?.outbound, outbound.deliverTo.isEmpty else { return nil }
        return policy(of: address.domain)
    }
}

extension StoredRecipient {
    /// The mailbox whose copy this was before it was redirected.
    var redirectedFrom: EmailAddress? {
        guard reversePath != nil else { return nil }
        let name = "Delivered-To: "
        let line = addedHeaders.split(separator: "\r\n").first { $0.hasPrefix(name) }
        return line.flatMap { EmailAddress(unchecked: $0.dropFirst(name.count)) }
    }
}
