import Mail

/// `recipients:` of a domain.
struct RecipientsReader {
    let folder: String
    /// The domain's names.
    let domains: Set<String>
    let problems: ProblemList
    /// Lists that were read.
    private(set) var files: [String] = []

    init(folder: String, domains: Set<String>, _ problems: ProblemList) {
        self.folder = folder
        self.domains = domains
        self.problems = problems
    }

    mutating func read(_ map: MappingReader) -> RecipientPolicy {
        guard let node = map.node("recipients") else {
            map.missing("recipients", mend: "add `recipients: any`, `callout`, `{list: [...]}` or `{file: path}`")
            return .any
        }
        if node.text == "any" { return .any }
        if node.text == "callout" { return .callout(CalloutPolicy()) }
        guard node.entries != nil, let choice = MappingReader(node, problems, what: "`recipients`") else {
            problems.error(
                node.place, "`recipients` must be `any`, `callout`, `{list: [...]}` or `{file: path}`, not \(node.word)",
                mend: "write one of them")
            return .any
        }
        let file = choice.text("file")
        let list = choice.node("list")
        let callout = choice.entry("callout")
        choice.finish()
        guard [choice.node("file") != nil, list != nil, callout != nil].filter({ $0 }).count == 1 else {
            problems.error(node.place, "`recipients` needs one of `file`, `list` and `callout`", mend: "write one of them")
            return .any
        }
        if let callout { return .callout(self.callout(callout.value)) }
        var names: Set<String> = []
        if let file {
            readList(SettingsFile.resolve(file, in: folder), at: choice.place(of: "file"), into: &names)
        } else {
            for item in choice.list("list") {
                add(item.text ?? "", shown: item.word, at: item.place, to: &names)
            }
        }
        return .list(names)
    }

    private func callout(_ node: ConfigNode) -> CalloutPolicy {
        var callout = CalloutPolicy()
        guard let map = MappingReader(node, problems, what: "`callout`") else { return callout }
        callout.positive = map.duration("positive", in: .seconds(1) ... .seconds(30 * 86_400)) ?? callout.positive
        callout.negative = map.duration("negative", in: .seconds(1) ... .seconds(86_400)) ?? callout.negative
        callout.timeout = map.duration("timeout", in: .milliseconds(100) ... .seconds(120)) ?? callout.timeout
        callout.undetermined = map.choice("undetermined", CalloutPolicy.Undetermined.self) ?? callout.undetermined
        map.finish()
        return callout
    }

    /// One local part or address a line; `#` begins a comment line.
    private mutating func readList(_ path: String, at place: SettingsPlace, into names: inout Set<String>) {
        files.append(path)
        guard let text = SettingsFile.read(path, most: SettingsFile.maximumList, at: place, problems) else { return }
        var line = 0
        for row in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            var row = row
            while let last = row.last, " \t\r".utf8.contains(last) { row = row.dropLast() }
            guard let start = row.firstIndex(where: { !" \t".utf8.contains($0) }), row[start] != UInt8(ascii: "#") else { continue }
            let entry = String(decoding: row[start...], as: UTF8.self)
            add(entry, shown: "`\(entry.shortened)`", at: SettingsPlace(file: path, line: line, column: 1), to: &names)
        }
    }

    private func add(_ text: String, shown: String, at place: SettingsPlace, to names: inout Set<String>) {
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
        names.insert(address.plainLocalPart)
    }
}
