/// Reads a mapping key by key. What nobody asked for by the time of `finish` is an unknown key.
final class MappingReader {
    let place: SettingsPlace
    let problems: ProblemList
    private let entries: [String: ConfigNode.Entry]
    private let order: [ConfigNode.Entry]
    private var known: Set<String> = []
    private var later: Set<String> = []

    /// nil, with a problem, when the node is no mapping. Nothing at all is an empty mapping.
    init?(_ node: ConfigNode, _ problems: ProblemList, what: String) {
        place = node.place
        self.problems = problems
        if node.isNull {
            order = []
        } else if let entries = node.entries {
            order = entries
        } else {
            problems.error(node.place, "\(what) must be a mapping, not \(node.word)", mend: "write `key: value` lines")
            return nil
        }
        entries = Dictionary(order.map { ($0.key, $0) }) { first, _ in first }
    }

    /// nil when the key is absent or has no value.
    func node(_ key: String) -> ConfigNode? {
        known.insert(key)
        return entries[key].flatMap { $0.value.isNull ? nil : $0.value }
    }

    /// The key with its value, even when that is nothing.
    func entry(_ key: String) -> ConfigNode.Entry? {
        known.insert(key)
        return entries[key]
    }

    func place(of key: String) -> SettingsPlace { entries[key]?.value.place ?? place }

    /// Words of later versions: refused with a clear text instead of as a mistake of spelling.
    func notYet(_ keys: String...) { later.formUnion(keys) }

    func mapping(_ key: String) -> MappingReader? { node(key).flatMap { MappingReader($0, problems, what: "`\(key)`") } }

    func missing(_ key: String, mend: String) { problems.error(place, "`\(key)` is missing", mend: mend) }

    func text(_ key: String) -> String? {
        value(key, "text", mend: "write `\(key): text`") { $0.text }
    }

    func bool(_ key: String) -> Bool? {
        value(key, "`true` or `false`", mend: "write `true` or `false` without quotes") { $0.bool }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return value(key, wanted, mend: "write \(wanted), without quotes") { node in
            node.integer.flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Bounds in milliseconds do for all that is configured.
    func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        let wanted = "a duration from \(Units.text(range.lowerBound)) to \(Units.text(range.upperBound))"
        return value(key, wanted, mend: "write a number with its unit: 250ms, 90s, 5m, 4h, 15d") { node in
            node.text.flatMap { Units.duration($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func bytes(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let wanted = "a size from \(range.lowerBound) to \(range.upperBound) bytes"
        return value(key, wanted, mend: "write a number with its unit: 512, 64KiB, 150MB, 2GB") { node in
            node.text.flatMap { Units.bytes($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func choice<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word? where Word.RawValue == String {
        guard let node = node(key) else { return nil }
        let words = Word.allCases.map(\.rawValue)
        if let word = node.text.flatMap(Word.init(rawValue:)) { return word }
        problems.error(
            node.place, "`\(key)` must be one of \(words.joined(separator: ", ")), not \(node.word)",
            mend: node.text.flatMap { Spelling.nearest(to: $0, in: words) }.map { "did you mean `\($0)`?" } ?? "write one of them")
        return nil
    }

    /// The items of a list; nothing or an absent key is an empty one.
    func list(_ key: String) -> [ConfigNode] {
        guard let node = node(key) else { return [] }
        if let items = node.list { return items }
        problems.error(node.place, "`\(key)` must be a list, not \(node.word)", mend: "write `- item` lines or `[item, item]`")
        return []
    }

    /// Keys that nobody asked for.
    func finish() {
        for entry in order where !known.contains(entry.key) {
            if later.contains(entry.key) {
                problems.error(entry.keyPlace, "`\(entry.key)` is not supported in this version", mend: "remove it")
            } else {
                problems.error(
                    entry.keyPlace, "unknown key `\(entry.key.shortened)`",
                    mend: Spelling.mend(entry.key, known: Array(known), kind: "key here"))
            }
        }
    }

    private func value<Value>(_ key: String, _ wanted: String, mend: String, _ convert: (ConfigNode) -> Value?) -> Value? {
        guard let node = node(key) else { return nil }
        if let value = convert(node) { return value }
        problems.error(node.place, "`\(key)` must be \(wanted), not \(node.word)", mend: mend)
        return nil
    }
}
