import Mail
import SMTP

/// Reads one domains/*.yaml into a `DomainPolicy`.
struct DomainReader {
    let folder: String
    let nextHops: NextHopReader
    let filters: FilterListReader
    /// Of the edge's filters: a domain weighs their symbols too.
    let edge: [FilterManifest]
    /// The same for outbound listeners.
    let outboundEdge: [FilterManifest]
    let problems: ProblemList
    /// Every name and alias of the files read before, and where it stands.
    private(set) var owners: [String: SettingsPlace] = [:]
    /// Every target of every redirect of the files read so far.
    private(set) var redirects: [RedirectReader.Redirect] = []
    /// Lists of recipients and password files that were read.
    private(set) var files: [String] = []

    init(
        folder: String, nextHops: NextHopReader, filters: FilterListReader, edge: [FilterManifest], outboundEdge: [FilterManifest],
        _ problems: ProblemList
    ) {
        self.folder = folder
        self.nextHops = nextHops
        self.filters = filters
        self.edge = edge
        self.outboundEdge = outboundEdge
        self.problems = problems
    }

    /// nil when the file is too wrong to go on; smaller mistakes are only told.
    mutating func read(_ root: ConfigNode, file: String) -> DomainPolicy? {
        guard let map = MappingReader(root, problems, what: "a domain's file") else { return nil }
        map.notYet("lists", "headers", "retention", "users")
        var policy = DomainPolicy(domain: "")
        if let text = map.text("domain") {
            policy.domain = claim(text, at: map.place(of: "domain")) ?? ""
        } else if map.node("domain") == nil {
            map.missing("domain", mend: "add `domain: \(file.split(separator: "/").last?.replacingSuffix(".yaml") ?? "example.com")`")
        }
        for item in map.list("aliases") {
            guard let text = item.text else {
                problems.error(item.place, "an alias must be a domain name, not \(item.word)", mend: "write a name")
                continue
            }
            if let name = claim(text, at: item.place) { policy.aliases.append(name) }
        }
        policy.deliverTo = nextHops.read(map, "deliver_to")
        var recipients = RecipientsReader(folder: folder, domains: Set([policy.domain] + policy.aliases), problems)
        policy.recipients = recipients.read(map)
        files += recipients.files
        policy.addressExtension = addressExtension(map)
        let (steps, manifests) = filters.read(map.list("filters"), edge: false)
        policy.filters = steps
        policy.scores = WeightsReader.scores(map, declared: edge + manifests)
        policy.thresholds = WeightsReader.thresholds(map) ?? policy.thresholds
        if let quarantine = map.mapping("quarantine") {
            quarantine.notYet("keep")
            policy.discardsRejectedCopies = quarantine.choice("rejected_copies", RejectedCopies.self) == .discard
            quarantine.finish()
        }
        policy.mailboxes = mailboxes(map, policy)
        var outbound = OutboundReader(folder: folder, nextHops: nextHops, filters: filters, edge: outboundEdge)
        policy.outbound = outbound.read(map, policy)
        files += outbound.files
        map.finish()
        policy.digest = PolicyDigest.digest(policy)
        return policy
    }

    private enum RejectedCopies: String, CaseIterable { case quarantine, discard }

    /// The name in its one spelling, unless it is none or another file has it.
    private mutating func claim(_ text: String, at place: SettingsPlace) -> String? {
        guard let name = HostName.parse(text, isQualified: true) else {
            problems.error(
                place, "`\(text.shortened)` is no domain name", mend: "write one such as `example.com`, in its `xn--` form if need be")
            return nil
        }
        if let owner = owners[name] {
            problems.error(place, "the domain `\(name)` is already taken by \(owner)", mend: "remove one of the two")
            return nil
        }
        owners[name] = place
        return name
    }

    private func addressExtension(_ map: MappingReader) -> String? {
        guard let node = map.node("address_extension") else { return "+" }
        if node.text == "none" { return nil }
        if let text = node.text, text.utf8.count == 1, "+-_=.#".contains(text) { return text }
        problems.error(
            node.place, "`address_extension` must be one of `+ - _ = . #`, or `none`, not \(node.word)", mend: "write `\"+\"` or `none`")
        return nil
    }

    private mutating func mailboxes(_ map: MappingReader, _ policy: DomainPolicy) -> [String: MailboxPolicy] {
        guard let node = map.node("mailboxes") else { return [:] }
        guard let entries = node.entries else {
            problems.error(node.place, "`mailboxes` must be a mapping, not \(node.word)", mend: "write `address: {settings}` lines")
            return [:]
        }
        var mailboxes: [String: MailboxPolicy] = [:]
        for entry in entries {
            guard let address = EmailAddress(unchecked: entry.key), ([policy.domain] + policy.aliases).contains(address.domain) else {
                problems.error(
                    entry.keyPlace, "`\(entry.key.shortened)` is no mailbox of \(policy.domain.isEmpty ? "this domain" : policy.domain)",
                    mend: "write `name@\(policy.domain)`")
                continue
            }
            guard let box = MappingReader(entry.value, problems, what: "the settings of a mailbox") else { continue }
            var mailbox = MailboxPolicy()
            mailbox.thresholds = WeightsReader.thresholds(box, over: policy.thresholds) ?? Thresholds()
            if let filters = box.node("filters") {
                if let on = filters.bool {
                    mailbox.hasFilters = on
                } else {
                    problems.error(filters.place, "a mailbox's `filters` must be `on` or `off`, not \(filters.word)", mend: "write `off`")
                }
            }
            if let redirect = box.node("redirect") {
                let targets = RedirectReader.targets(redirect, problems)
                mailbox.redirects = targets.map(\.address)
                redirects += targets.map {
                    RedirectReader.Redirect(mailbox: address, domain: policy.domain, target: $0.address, place: $0.place)
                }
                mailbox.keepsRedirected = box.bool("keep") ?? false
            } else if box.node("keep") != nil {
                problems.error(box.place(of: "keep"), "`keep` means something with `redirect` only", mend: "add `redirect`, or remove it")
            }
            box.finish()
            // One mailbox under all names of its domain.
            let key = address.plainLocalPart + "@" + policy.domain
            if mailboxes.updateValue(mailbox, forKey: key) != nil {
                problems.error(entry.keyPlace, "`\(key)` stands twice", mend: "remove one of the two")
            }
        }
        return mailboxes
    }
}

extension Substring {
    func replacingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : String(self) }
}
