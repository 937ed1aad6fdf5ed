import Mail

/// `redirect:` of a mailbox, and whether all of them together lead somewhere.
enum RedirectReader {
    static let mostTargets = 10

    /// One target of a mailbox's `redirect`.
    struct Redirect {
        /// The mailbox, and the main name of its domain.
        let mailbox: EmailAddress
        let domain: String
        let target: EmailAddress
        let place: SettingsPlace
    }

    /// One address or several.
    static func targets(_ node: ConfigNode, _ problems: ProblemList) -> [(address: EmailAddress, place: SettingsPlace)] {
        let items = node.list ?? [node]
        if items.isEmpty || items.count > mostTargets {
            problems.error(node.place, "`redirect` needs 1 to \(mostTargets) addresses, not \(items.count)", mend: "write so many")
        }
        var found: [(address: EmailAddress, place: SettingsPlace)] = []
        for item in items.prefix(mostTargets) {
            guard let address = item.text.flatMap({ EmailAddress(mailbox: $0) }) else {
                problems.error(item.place, "`redirect` must be an address, not \(item.word)", mend: "write `name@example.com`")
                continue
            }
            if found.contains(where: { $0.address.key == address.key }) {
                problems.error(item.place, "`\(address.description.shortened)` stands twice", mend: "remove one of the two")
            } else {
                found.append((address, item.place))
            }
        }
        return found
    }

    /// A redirect is followed once: one that leads to a mailbox of any domain here that redirects again would never arrive as meant.
    /// `domains`: all that are configured.
    static func refuseLoops(_ redirects: [Redirect], _ domains: [DomainPolicy], _ problems: ProblemList) {
        if redirects.isEmpty { return }
        let all = PolicySnapshot(generation: 0, hostname: "", domains: domains)
        for redirect in redirects {
            guard let policy = all.policy(of: redirect.target.domain), let mailbox = policy.mailbox(redirect.target),
                !mailbox.redirects.isEmpty
            else { continue }
            let key = redirect.mailbox.plainLocalPart
            let isItself = policy.domain == redirect.domain && policy.lookupNames(of: redirect.target).contains(key)
            problems.error(
                redirect.place,
                isItself
                    ? "`\(key)@\(redirect.domain)` redirects to itself" : "`\(redirect.target)` redirects again, which is not followed",
                mend: isItself ? "name another address; `keep: true` delivers here too" : "name the last address")
        }
    }
}
