import Mail

/// `scores:` and `thresholds:`, of the gateway, a domain or a mailbox.
enum WeightsReader {
    /// Weights by symbol. `declared` are the manifests of the filters whose symbols may be weighed here: another symbol is a warning, since
    /// its plugin may come later.
    static func scores(_ map: MappingReader, declared: [FilterManifest]) -> [String: Double] {
        guard let node = map.node("scores") else { return [:] }
        guard let entries = node.entries else {
            map.problems.error(node.place, "`scores` must be a mapping, not \(node.word)", mend: "write `SYMBOL: number` lines")
            return [:]
        }
        var scores: [String: Double] = [:]
        for entry in entries {
            guard let score = entry.value.number, abs(score) <= 1_000_000 else {
                map.problems.error(
                    entry.value.place,
                    "the score of `\(entry.key.shortened)` must be a number from -1000000 to 1000000, not \(entry.value.word)",
                    mend: "write a number without quotes")
                continue
            }
            scores[entry.key] = score
            guard !isHostSymbol(entry.key), !declared.contains(where: { $0.declaration(of: entry.key) != nil }) else { continue }
            let names = declared.flatMap(\.symbols).map(\.name)
            map.problems.warning(
                entry.keyPlace, "no configured filter has the symbol `\(entry.key.shortened)`",
                mend: Spelling.nearest(to: entry.key, in: names).map { "did you mean `\($0)`?" } ?? "add its filter, or remove the line")
        }
        return scores
    }

    /// `PLUGIN_<NAME>_ERROR`, `_TIMEOUT` and `_CRASH`, which the host adds.
    private static func isHostSymbol(_ name: String) -> Bool {
        name.hasPrefix("PLUGIN_") && ["_ERROR", "_TIMEOUT", "_CRASH"].contains { name.hasSuffix($0) }
    }

    /// nil when there is no `thresholds`. What it does not name never happens. `base`: of the domain, which a mailbox's override.
    static func thresholds(_ map: MappingReader, edge: Bool = false, over base: Thresholds? = nil) -> Thresholds? {
        guard let map = map.mapping("thresholds") else { return nil }
        func number(_ key: String) -> Double? {
            guard let node = map.node(key) else { return nil }
            if let value = node.number, abs(value) <= 1_000_000 { return value }
            map.problems.error(node.place, "`\(key)` must be a number, not \(node.word)", mend: "write a score such as `7` or `4.5`")
            return nil
        }
        var thresholds = Thresholds()
        if !edge {
            thresholds.tag = number("tag")
            thresholds.quarantine = number("quarantine")
            thresholds.discard = number("discard")
        }
        thresholds.defer = number("defer")
        thresholds.reject = number("reject")
        map.finish()
        let effective = base?.overridden(by: thresholds) ?? thresholds
        let ladder = [("tag", effective.tag), ("quarantine", effective.quarantine), ("reject", effective.reject)]
            .compactMap { name, value in value.map { (name, $0) } }
        for (lower, upper) in zip(ladder, ladder.dropFirst()) where lower.1 > upper.1 {
            map.problems.error(
                map.place, "the threshold `\(lower.0)` (\(lower.1)) is above `\(upper.0)` (\(upper.1))",
                mend: "order them: tag, quarantine, reject")
        }
        return thresholds
    }
}
