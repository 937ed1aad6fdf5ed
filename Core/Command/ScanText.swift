import Mail

/// What a scan found in one file, explained.
enum ScanText {
    static func lines(_ scan: JSONValue) -> [String] {
        func text(_ key: String) -> String { scan[key].map(Explanation.plain) ?? "" }
        var lines = [
            Terminal.colour(Terminal.escaped(text("file")), .bold) + ": "
                + Explanation.disposition(
                    scan,
                    without: known.union(other(scan)))
        ]
        let thresholds = (scan["thresholds"]?.object ?? [:]).filter { $0.value != .null }.sorted {
            ($0.value.number ?? 0, $0.key) < ($1.value.number ?? 0, $1.key)
        }
        var domain = "domain \(text("domain"))"
        if !thresholds.isEmpty {
            domain += ", " + thresholds.map { "\($0.key) from \(Explanation.plain($0.value))" }.joined(separator: ", ")
        }
        lines.append("  " + Terminal.escaped(domain))
        lines += Explanation.symbols(scan["symbols"]).map { "  " + $0 }
        section("filters", Explanation.filters(scan["filters"]))
        section("parts", (scan["parts"]?.array ?? []).map(ContentView.part))
        section("URLs", (scan["urls"]?.array ?? []).map(ContentView.url))
        section("authentication", Explanation.restLines(of: scan["authentication"] ?? .null, without: []))
        section("more", Explanation.restLines(of: scan, without: Set((scan.object ?? [:]).keys).subtracting(other(scan))))
        return lines

        func section(_ title: String, _ content: [String]) {
            if !content.isEmpty { lines += ["  \(title):"] + content.map { "    " + $0 } }
        }
    }

    private static let known: Set<String> = [
        "file", "domain", "disposition", "score", "reason", "thresholds", "symbols", "filters", "parts", "urls", "authentication",
    ]

    /// Members that this release knows nothing of.
    private static func other(_ scan: JSONValue) -> Set<String> { Set((scan.object ?? [:]).keys).subtracting(known) }
}
