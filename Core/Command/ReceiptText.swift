import Control
import Mail

/// One line of a message's history, explained.
enum ReceiptText {
    static func lines(_ record: ReceiptRecord) -> [String] {
        let head = Explanation.clock(record.time) + "  "
        let body =
            switch record.kind {
            case "inspected", "reinspected": inspection(record.json)
            case "attempt": attempt(record.json)
            default: other(record.json)
            }
        return [Terminal.escaped(head) + Terminal.colour(Terminal.escaped(record.kind), .bold) + body.title]
            + body.details.map { "    " + $0 }
    }

    private static func inspection(_ json: JSONValue) -> (title: String, details: [String]) {
        func text(_ key: String) -> String { json[key].map(Explanation.plain) ?? "" }
        let client = text("client") + (json["client_port"].map { ":" + Explanation.plain($0) } ?? "")
        var title = " from \(client)"
        if !text("helo").isEmpty { title += " (\(text("helo")))" }
        if text("role") == "outbound" { title += ", outbound\(text("login").isEmpty ? "" : " by \(text("login"))")" }
        if let took = json["microseconds"]?.number { title += ", took \(Explanation.time(microseconds: took))" }
        if !text("policy_generation").isEmpty { title += ", policy generation \(text("policy_generation"))" }
        var details = [
            "from <\(text("reverse_path"))>" + (json["size"]?.integer.map { ", \(Explanation.size(Int(clamping: $0)))" } ?? "")
        ].map { Terminal.escaped($0) }
        if !text("reply").isEmpty { details.append(Terminal.escaped("the client was told: \(text("reply"))")) }
        if !text("failure").isEmpty { details.append(Terminal.colour(Terminal.escaped("not stored: \(text("failure"))"), .red)) }
        for recipient in json["recipients"]?.array ?? [] {
            details.append(
                Terminal.escaped("to <\(recipient["address"]?.string ?? "?")>: ")
                    + Explanation.disposition(recipient, without: ["address", "symbols"]))
            details += Explanation.symbols(recipient["symbols"]).map { "  " + $0 }
        }
        details += Explanation.symbols(json["symbols"])
        let filters = Explanation.filters(json["filters"])
        if !filters.isEmpty { details += ["filters:"] + filters.map { "  " + $0 } }
        var shown: Set = [
            "client", "client_port", "helo", "microseconds", "policy_generation", "reverse_path", "size", "reply", "failure", "recipients",
            "symbols", "filters",
        ]
        if text("role") == "outbound" { shown.formUnion(["role", "login"]) }
        details += Explanation.restLines(of: json, without: shown)
        return (Terminal.escaped(title), details)
    }

    private static func attempt(_ json: JSONValue) -> (title: String, details: [String]) {
        var title = " at \(json["next_hop"].map(Explanation.plain) ?? "?")"
        if let tls = json["tls"]?.string {
            title += ", \(tls)" + (json["cipher"]?.string.map { " (\($0))" } ?? "")
        } else if json["next_hop"]?.string != "none" {
            title += ", in clear"
        }
        if let delays = json["delays"]?.object {
            let known = ["before", "queue", "connect", "send"]
            let parts = known + delays.keys.filter { !known.contains($0) }.sorted()
            title += ", delays \(parts.joined(separator: "/")) " + parts.map { delays[$0].map(Self.seconds) ?? "?" }.joined(separator: "/")
        }
        var details: [String] = []
        for recipient in json["recipients"]?.array ?? [] {
            let outcome = recipient["outcome"]?.string ?? "?"
            var line = Terminal.colour(Terminal.escaped(outcome), outcome == "delivered" ? .green : outcome == "deferred" ? .yellow : .red)
            line += Terminal.escaped(" to <\(recipient["to"]?.string ?? "?")>")
            if let attempt = recipient["attempt"] { line += Terminal.escaped(", attempt \(Explanation.plain(attempt))") }
            if let next = recipient["next_attempt"]?.integer {
                line += ", next at " + Explanation.clock(CivilTime(Timestamp(microseconds: next)).rfc3339)
            }
            if let said = recipient["said"]?.string, !said.isEmpty { line += Terminal.escaped(": \(said)") }
            details.append(
                line + Explanation.rest(of: recipient, without: ["outcome", "to", "attempt", "next_attempt", "said", "index", "dsn"]))
        }
        details += Explanation.restLines(of: json, without: ["next_hop", "tls", "cipher", "delays", "recipients"])
        return (Terminal.escaped(title), details)
    }

    private static func seconds(_ value: JSONValue) -> String {
        guard let number = value.number else { return Explanation.plain(value) }
        // To the millisecond.
        let rounded = (number * 1000).rounded() / 1000
        return (rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)") + "s"
    }

    private static func other(_ json: JSONValue) -> (title: String, details: [String]) {
        json.object == nil ? (Terminal.escaped(" " + Explanation.plain(json)), []) : ("", Explanation.restLines(of: json, without: []))
    }
}
