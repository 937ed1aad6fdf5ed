import Yams

/// Reads YAML into `ConfigNode`s. Whatever the text holds, time and memory are bounded: size and depth are, and anchors and aliases are
/// refused, since a few lines of them can stand for billions of nodes.
struct YAMLFile {
    static let maximumDepth = 64

    let name: String

    /// nil when the text is no usable YAML: then `problems` has the reason. An empty file is an empty mapping.
    func read(_ text: String, _ problems: ProblemList) -> ConfigNode? {
        guard passesAliasGuard(text, problems) else { return nil }
        do {
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            // Nodes refer weakly to their anchors: only while the parser lives can they be seen.
            return try withExtendedLifetime(parser) {
                guard let root = try parser.singleRoot() else {
                    return ConfigNode(content: .mapping([]), place: SettingsPlace(file: name, line: 1, column: 1))
                }
                return convert(root, depth: 0, problems)
            }
        } catch let error as YamlError {
            problems.add(problem(error))
        } catch {
            problems.error(SettingsPlace(file: name), "cannot be read as YAML: \(error)", mend: "correct the file")
        }
        return nil
    }

    private func place(_ mark: Mark?) -> SettingsPlace { SettingsPlace(file: name, line: mark?.line ?? 0, column: mark?.column ?? 0) }

    private func convert(_ node: Node, depth: Int, _ problems: ProblemList) -> ConfigNode? {
        let place = place(node.mark)
        guard node.anchor == nil else {
            problems.error(place, "anchors and aliases are not supported", mend: "write the content out in each place")
            return nil
        }
        guard depth < Self.maximumDepth else {
            problems.error(place, "nested more than \(Self.maximumDepth) deep", mend: "use fewer levels")
            return nil
        }
        guard [Tag.Name.str, .seq, .map].contains(where: { $0.rawValue == node.tag.rawValue }) else {
            problems.error(place, "the tag `\(node.tag.rawValue.shortened)` is not supported", mend: "leave it out")
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return ConfigNode(content: .scalar(scalar.string, isPlain: scalar.style == .plain), place: place)
        case .sequence(let sequence):
            var items: [ConfigNode] = []
            for item in sequence {
                guard let item = convert(item, depth: depth + 1, problems) else { return nil }
                items.append(item)
            }
            return ConfigNode(content: .list(items), place: place)
        case .mapping(let mapping):
            var entries: [ConfigNode.Entry] = []
            for (key, value) in mapping {
                guard let name = convert(key, depth: depth + 1, problems) else { return nil }
                guard case .scalar(let text, _) = name.content else {
                    problems.error(name.place, "a key must be text", mend: "write `name: value`")
                    return nil
                }
                guard let value = convert(value, depth: depth + 1, problems) else { return nil }
                entries.append(ConfigNode.Entry(key: text, keyPlace: name.place, value: value))
            }
            return ConfigNode(content: .mapping(entries), place: place)
        case .alias:
            problems.error(place, "anchors and aliases are not supported", mend: "write the content out in each place")
            return nil
        }
    }

    /// The parser compares keys before a tree exists that could be checked, and an alias as a key may stand for a tree of any size. So a text
    /// that looks as if it had an anchor and more than a few aliases is not parsed at all; sixteen of them cannot do harm.
    private func passesAliasGuard(_ text: String, _ problems: ProblemList) -> Bool {
        var anchors = 0
        var aliases = 0
        var line = 0
        for row in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            if row.first(where: { $0 != UInt8(ascii: " ") }) == UInt8(ascii: "#") { continue }
            var previous = UInt8(ascii: " ")
            for (column, byte) in row.enumerated() {
                if " \t[{,:-?".utf8.contains(previous) {
                    if byte == UInt8(ascii: "&") { anchors += 1 }
                    if byte == UInt8(ascii: "*") { aliases += 1 }
                    if anchors > 0, aliases > 16 {
                        problems.error(
                            SettingsPlace(file: name, line: line, column: column + 1), "anchors and aliases are not supported",
                            mend: "write the content out in each place, and quote texts that begin with `*` or `&`")
                        return false
                    }
                }
                previous = byte
            }
        }
        return true
    }

    private func problem(_ error: YamlError) -> SettingsProblem {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let whole = context.map { "\(problem) (\($0.text))" } ?? problem
            return SettingsProblem(at: place(mark), "not YAML: \(whole)", mend: "check indentation, colons and quotes here and just above")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "`\($0.shortened)`" }.joined(separator: ", ")
            return SettingsProblem(at: place(context.mark), "\(names) stands more than once in this mapping", mend: "keep one")
        case .reader(let problem, _, _, _):
            return SettingsProblem(
                at: SettingsPlace(file: name), "not YAML: \(problem)", mend: "save the file as UTF-8 without control characters")
        default:
            return SettingsProblem(at: SettingsPlace(file: name), "cannot be read as YAML", mend: "correct the file")
        }
    }
}
