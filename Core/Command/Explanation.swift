import Mail

/// JSON that Postern wrote (a receipt, a scan) in lines for people: known members in an order and form of their own, all others after them as
/// `name: value`, so that nothing is dropped. Everything is escaped: details, replies and names are a peer's or a message's words.
enum Explanation {
    /// `[{name, score, filter, detail, part}]`
    static func symbols(_ value: JSONValue?) -> [String] {
        (value?.array ?? []).map { symbol in
            let score = symbol["score"]?.number ?? 0
            let text = pad((score >= 0 ? "+" : "") + scoreText(score), 7, left: true)
            let detail = symbol["detail"]?.string ?? ""
            let part = symbol["part"]?.string.map { " (part \($0))" } ?? ""
            return Terminal.colour(text, score > 0 ? .red : score < 0 ? .green : .dim)
                + Terminal.escaped(
                    "  \(pad(name(symbol), 28)) \(symbol["filter"]?.string ?? "")\(detail.isEmpty ? "" : ": \(detail)")\(part)")
                + rest(of: symbol, without: ["name", "score", "filter", "detail", "part"])
        }
    }

    /// `[{name, phase, home, result, microseconds, busy_microseconds, detail, shadow, found}]`
    static func filters(_ value: JSONValue?) -> [String] {
        (value?.array ?? []).map { filter in
            let result = filter["result"]?.string ?? ""
            let detail = filter["detail"]?.string ?? ""
            let busy = filter["busy_microseconds"]?.number.map { " (busy \(time(microseconds: $0)))" } ?? ""
            let isShadow = filter["shadow"] == .bool(true)
            let found = (filter["found"]?.array ?? []).map(plain).joined(separator: ", ")
            let shadow = isShadow ? ", shadow: \(found.isEmpty ? "found nothing" : "would have counted \(found)")" : ""
            let place = [filter["phase"]?.string, filter["home"]?.string].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
            return pad(filter["microseconds"]?.number.map { time(microseconds: $0) } ?? "", 9, left: true)
                + Terminal.escaped("  \(pad(name(filter), 24)) ")
                + Terminal.colour(Terminal.escaped(result), result == "done" ? .green : .red)
                + Terminal.escaped("\(place.isEmpty ? "" : " at \(place)")\(busy)\(shadow)\(detail.isEmpty ? "" : ": \(detail)")")
                + rest(
                    of: filter,
                    without: ["name", "phase", "home", "result", "microseconds", "busy_microseconds", "detail", "shadow", "found"])
        }
    }

    /// `quarantine, score 9.5 (reason)`, with what is left of `object`.
    static func disposition(_ object: JSONValue, without used: Set<String>) -> String {
        let word = object["disposition"]?.string ?? "?"
        let colour: Terminal.Colour = word == "accept" ? .green : word == "tag" ? .yellow : .red
        let reason = object["reason"]?.string ?? ""
        return Terminal.colour(Terminal.escaped(word), colour)
            + Terminal.escaped(object["score"]?.number.map { ", score \(scoreText($0))" } ?? "")
            + Terminal.escaped(reason.isEmpty ? "" : ": \(reason)")
            + rest(of: object, without: used.union(["disposition", "score", "reason"]))
    }

    /// The members of `object` that were not told yet, as ` [name: value, ...]`, or nothing.
    static func rest(of object: JSONValue, without used: Set<String>) -> String {
        let members = (object.object ?? [:]).filter { !used.contains($0.key) && !isEmpty($0.value) }.sorted { $0.key < $1.key }
        if members.isEmpty { return "" }
        return Terminal.colour(Terminal.escaped(" [" + members.map { "\($0.key): \(plain($0.value))" }.joined(separator: ", ") + "]"), .dim)
    }

    /// The same, a line each.
    static func restLines(of object: JSONValue, without used: Set<String>) -> [String] {
        (object.object ?? [:]).filter { !used.contains($0.key) && !isEmpty($0.value) }.sorted { $0.key < $1.key }
            .map { Terminal.escaped("\($0.key): \(plain($0.value))") }
    }

    /// Strings without quotes, all else as JSON.
    static func plain(_ value: JSONValue) -> String { value.string ?? value.number.map(scoreText) ?? value.canonical }

    private static func isEmpty(_ value: JSONValue) -> Bool {
        switch value {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }

    private static func name(_ value: JSONValue) -> String { value["name"]?.string ?? "?" }

    static func time(microseconds: Double) -> String {
        switch microseconds {
        case ..<1000: "\(scoreText(microseconds)) us"
        case ..<1_000_000: "\(scoreText(microseconds / 1000)) ms"
        default: "\(scoreText(microseconds / 1_000_000)) s"
        }
    }

    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<1024: "\(bytes) B"
        case ..<(1 << 20): "\(tenths(bytes, 1 << 10)) KiB"
        case ..<(1 << 30): "\(tenths(bytes, 1 << 20)) MiB"
        default: "\(tenths(bytes, 1 << 30)) GiB"
        }
    }

    private static func tenths(_ bytes: Int, _ unit: Int) -> String { scoreText((Double(bytes) / Double(unit) * 10).rounded() / 10) }

    /// RFC 3339 as `2026-11-21 22:10:57`; anything else as it is.
    static func clock(_ text: String) -> String {
        guard text.utf8.count >= 20, text.hasSuffix("Z"), text.dropFirst(10).first == "T" else { return text }
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }

    static func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }
}
