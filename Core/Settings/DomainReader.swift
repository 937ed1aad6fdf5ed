import Mail

/// Reads one domains/*.yaml into a `DomainPolicy`.
struct DomainReader {
    let folder: String
    let filters: FilterListReader
    /// Of the edge's filters: a domain weighs their symbols too.
    let edge: [FilterManifest]
    let problems: ProblemList
    /// Every name and alias of the files read before, and where it stands.
    private(set) var owners: [String: SettingsPlace] = [:]
    /// Lists of recipients that were read.
    private(set) var files: [String] = []

    init(folder: String, filters: FilterListReader, edge: [FilterManifest], _ problems: ProblemList) {
        self.folder = folder
        self.filters = filters
        self.edge = edge
        self.problems = problems
    }

    /// nil when the file is too wrong to go on; smaller mistakes are only told.
    mutating func read(_ root: ConfigNode, file: String) -> DomainPolicy? {
        guard let map = MappingReader(root, problems, what: "a domain's file") else { return nil }
        map.notYet("outbound", "lists", "headers", "retention", "users")
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
        policy.deliverTo = deliverTo(map)
        policy.recipients = recipients(map, domains: Set([policy.domain] + policy.aliases))
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

    private func deliverTo(_ map: MappingReader) -> [NextHop] {
        let items = map.list("deliver_to")
        if items.isEmpty, map.node("deliver_to")?.list != nil || map.node("deliver_to") == nil {
            map.missing("deliver_to", mend: "add `deliver_to: [{host: mail.example.com}]`")
        }
        var hops: [NextHop] = []
        for item in items {
            guard let hop = MappingReader(item, problems, what: "an entry of `deliver_to`") else { continue }
            let host = hop.text("host")
            let port = hop.integer("port", in: 1...65_535) ?? 25
            let preference = hop.integer("preference", in: 0...65_535) ?? 10
            let tls = hop.choice("tls", NextHop.TLSMode.self) ?? .opportunistic
            hop.finish()
            guard let host else {
                if hop.node("host") == nil { hop.missing("host", mend: "add `host: mail.example.com`") }
                continue
            }
            guard let name = IPAddress(host)?.description ?? HostName.parse(host) else {
                problems.error(
                    hop.place(of: "host"), "`\(host.shortened)` is neither a host name nor an address",
                    mend: "write `mail.example.com` or `192.0.2.1`, and the port under `port`")
                continue
            }
            hops.append(NextHop(host: name, port: port, preference: preference, tls: tls))
        }
        return hops.sorted { $0.preference < $1.preference }
    }

    private func mailboxes(_ map: MappingReader, _ policy: DomainPolicy) -> [String: MailboxPolicy] {
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
            box.finish()
            if mailboxes.updateValue(mailbox, forKey: address.key) != nil {
                problems.error(entry.keyPlace, "`\(address.key)` stands twice", mend: "remove one of the two")
            }
        }
        return mailboxes
    }

    // MARK: Recipients

    private mutating func recipients(_ map: MappingReader, domains: Set<String>) -> RecipientPolicy {
        guard let node = map.node("recipients") else {
            map.missing("recipients", mend: "add `recipients: any`, `{list: [...]}` or `{file: path}`")
            return .any
        }
        if node.text == "any" { return .any }
        if node.text == "callout" || node.entries?.contains(where: { $0.key == "callout" }) == true {
            problems.error(node.place, "`callout` is not supported in this version", mend: "write `any`, `{list: [...]}` or `{file: path}`")
            return .any
        }
        guard node.entries != nil, let choice = MappingReader(node, problems, what: "`recipients`") else {
            problems.error(
                node.place, "`recipients` must be `any`, `{list: [...]}` or `{file: path}`, not \(node.word)", mend: "write one of them")
            return .any
        }
        let file = choice.text("file")
        let list = choice.node("list")
        choice.finish()
        guard (choice.node("file") == nil) != (list == nil) else {
            problems.error(node.place, "`recipients` needs either `file` or `list`", mend: "write one of them")
            return .any
        }
        var names: Set<String> = []
        if let file {
            readList(SettingsFile.resolve(file, in: folder), at: choice.place(of: "file"), domains, into: &names)
        } else {
            for item in choice.list("list") {
                add(item.text ?? "", shown: item.word, at: item.place, domains, to: &names)
            }
        }
        return .list(names)
    }

    /// One local part or address a line; `#` begins a comment line.
    private mutating func readList(_ path: String, at place: SettingsPlace, _ domains: Set<String>, into names: inout Set<String>) {
        files.append(path)
        guard let text = SettingsFile.read(path, most: SettingsFile.maximumList, at: place, problems) else { return }
        var line = 0
        for row in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            var row = row
            while let last = row.last, " \t\r".utf8.contains(last) { row = row.dropLast() }
            guard let start = row.firstIndex(where: { !" \t".utf8.contains($0) }), row[start] != UInt8(ascii: "#") else { continue }
            let entry = String(decoding: row[start...], as: UTF8.self)
            add(entry, shown: "`\(entry.shortened)`", at: SettingsPlace(file: path, line: line, column: 1), domains, to: &names)
        }
    }

    private func add(_ text: String, shown: String, at place: SettingsPlace, _ domains: Set<String>, to names: inout Set<String>) {
        let isAddress = text.utf8.contains(UInt8(ascii: "@"))
        let address = isAddress ? EmailAddress(unchecked: text) : EmailAddress(localPart: text, domain: "")
        guard let address, (1...64).contains(address.localPart.utf8.count), address.localPart.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else {
            problems.error(
                place, "a recipient must be a local part or an address, not \(shown)", mend: "write `name` or `name@example.com`")
            return
        }
        guard !isAddress || domains.contains(address.domain) else {
            problems.error(
                place, "\(shown) is no address of this domain or its aliases", mend: "correct it, or put it into its own domain's list")
            return
        }
        names.insert(address.localPart.lowercased())
    }
}

extension Substring {
    func replacingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : String(self) }
}
