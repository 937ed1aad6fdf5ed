import Mail

/// Lists of filters: `edge` of postern.yaml and `filters` of a domain. An entry is a plugin's name, `{plugin: {settings}}`, or a list of
/// such entries, which run together.
final class FilterListReader {
    private let catalogue: any FilterCatalogue
    private let schema: SchemaReader
    private let problems: ProblemList
    /// Slots of the list under way by name, to find the second of a name.
    private var places: [String: SettingsPlace] = [:]

    /// The configuration's folder.
    private let folder: String

    init(catalogue: any FilterCatalogue, folder: String, _ problems: ProblemList) {
        self.catalogue = catalogue
        self.folder = SettingsFile.absolute(folder)
        self.problems = problems
        schema = SchemaReader(problems)
    }

    /// The steps, and the manifests of all plugins named in them.
    func read(_ items: [ConfigNode], edge: Bool) -> (steps: [FilterStep], manifests: [FilterManifest]) {
        places = [:]
        var steps: [FilterStep] = []
        var manifests: [String: FilterManifest] = [:]
        for item in items {
            var step: FilterStep = []
            if let together = item.list, together.isEmpty {
                problems.error(item.place, "an empty list in the list of filters", mend: "name filters in it, or remove it")
            }
            for entry in item.list ?? [item] {
                guard let (slot, manifest) = slot(entry, edge: edge) else { continue }
                step.append(slot)
                manifests[manifest.id] = manifest
            }
            if !step.isEmpty { steps.append(step) }
        }
        return (steps, manifests.values.sorted { $0.id < $1.id })
    }

    private func slot(_ node: ConfigNode, edge: Bool) -> (FilterSlot, FilterManifest)? {
        let plugin: String
        let place: SettingsPlace
        let settings: ConfigNode
        if let name = node.text {
            (plugin, place, settings) = (name, node.place, ConfigNode(content: .mapping([]), place: node.place))
        } else if let entries = node.entries, entries.count == 1 {
            (plugin, place, settings) = (entries[0].key, entries[0].keyPlace, entries[0].value)
        } else if let entries = node.entries, let first = entries.first {
            problems.error(
                node.place, "an entry of a list of filters has one key, the plugin's, and this one has \(entries.count)",
                mend: "indent the settings under `\(first.key.shortened):`, or begin each filter with `- `")
            return nil
        } else {
            problems.error(node.place, "a filter must be a name or `name: {settings}`, not \(node.word)", mend: "write a plugin's name")
            return nil
        }
        guard let manifest = catalogue.manifest(of: plugin) else {
            if let trouble = catalogue.trouble(with: plugin) {
                problems.error(
                    place, "the plugin `\(plugin.shortened)` cannot be used: \(trouble)", mend: "mend its files, or remove the filter")
                return nil
            }
            problems.error(
                place, "there is no plugin `\(plugin.shortened)`",
                mend: Spelling.mend(plugin, known: catalogue.pluginNames, kind: "plugin installed"))
            return nil
        }
        check(manifest, at: place, edge: edge)
        return slot(plugin, manifest, settings, at: place).map { ($0, manifest) }
    }

    /// Whether this filter does anything in such a list, and can run at all.
    private func check(_ manifest: FilterManifest, at place: SettingsPlace, edge: Bool) {
        let phases = manifest.phases.sorted().map(\.description).joined(separator: ", ")
        // One that only looks on does so anywhere.
        if edge, manifest.phases != [.outcome], !manifest.phases.contains(where: \.isEdge) {
            problems.error(
                place, "`\(manifest.id)` does nothing at the edge: its phases are \(phases)", mend: "put it under `filters` of a domain")
        }
        if !edge, manifest.phases.allSatisfy(\.isEdge) {
            problems.error(
                place, "`\(manifest.id)` does nothing for a domain: its phases are \(phases)", mend: "put it under `edge` in postern.yaml")
        }
    }

    /// Takes the host's keys out of the mapping; what is left is the plugin's.
    private func slot(_ plugin: String, _ manifest: FilterManifest, _ node: ConfigNode, at place: SettingsPlace) -> FilterSlot? {
        guard let map = MappingReader(node, problems, what: "the settings of `\(plugin)`") else { return nil }
        var slot = FilterSlot(name: map.text("name") ?? plugin, plugin: plugin)
        slot.isEnabled = map.bool("enabled") ?? true
        slot.onError = map.choice("on_error", FailureAction.self) ?? slot.onError
        slot.onTimeout = map.choice("on_timeout", FailureAction.self) ?? slot.onTimeout
        slot.onCrash = map.choice("on_crash", FailureAction.self) ?? slot.onCrash
        slot.timeout = map.duration("timeout", in: .milliseconds(1) ... .seconds(600))
        slot.isRequired = map.bool("required") ?? false
        slot.isShadow = map.bool("shadow") ?? false
        if slot.isShadow, slot.isRequired {
            problems.error(
                map.place(of: "shadow"), "`\(slot.name.shortened)` cannot be `shadow` and `required`: what is required counts",
                mend: "remove one of them")
        }
        if let home = map.choice("home", FilterManifest.Home.self) {
            if !manifest.homes.contains(home) {
                problems.error(
                    map.place(of: "home"), "`\(plugin)` does not allow the home `\(home.rawValue)`",
                    mend: "it allows \(manifest.homes.map(\.rawValue).joined(separator: ", "))")
            }
            slot.home = home
        }
        checkName(slot.name, at: map.entry("name")?.value.place ?? place)
        let rest = (node.entries ?? []).filter { !Self.hostKeys.contains($0.key) }
        let own = ConfigNode(content: .mapping(rest), place: node.isNull ? place : node.place)
        guard let settings = schema.read(own, manifest, at: place, hostKeys: Self.hostKeys) else { return nil }
        slot.settings = manifest.resolvingPaths(in: settings) { SettingsFile.resolve($0, in: folder) }
        return slot
    }

    static let hostKeys = ["name", "enabled", "on_error", "on_timeout", "on_crash", "timeout", "required", "shadow", "home"]

    /// Names become labels of metrics and words of receipts.
    private func checkName(_ name: String, at place: SettingsPlace) {
        let letters = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-_.".utf8.contains(byte)
        }
        if !letters || !(1...64).contains(name.utf8.count) {
            problems.error(place, "`\(name.shortened)` is no name for a filter", mend: "use up to 64 letters, digits, `-`, `_` and `.`")
        }
        if let first = places[name] {
            problems.error(
                place, "a second filter `\(name.shortened)` in this list (the first is in line \(first.line))",
                mend: "give one of them another `name`")
        } else {
            places[name] = place
        }
    }
}
