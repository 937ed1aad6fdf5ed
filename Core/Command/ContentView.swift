import ArgumentParser
import Control
import Mail

/// `postern scan --show`: what a message consists of, for people.
enum ContentView: String, ExpressibleByArgument, CaseIterable {
    case tree, text, urls

    func lines(_ content: JSONValue) -> [String] {
        let title = Terminal.colour(Terminal.escaped(content["file"]?.string ?? ""), .bold)
        let lines: [String] =
            switch self {
            case .tree: (content["parts"]?.array ?? []).map(Self.part)
            case .text: (content["texts"]?.array ?? []).flatMap(Self.text)
            case .urls: (content["urls"]?.array ?? []).map(Self.url)
            }
        return [title] + lines.map { "  " + $0 }
    }

    private static func text(_ value: JSONValue, _ key: String) -> String { value[key]?.string ?? "" }
    private static func words(_ value: JSONValue, _ key: String) -> [String] { (value[key]?.array ?? []).compactMap(\.string) }
    private static func flags(_ value: JSONValue) -> String {
        let flags = words(value, "flags")
        return flags.isEmpty ? "" : "  " + Terminal.colour(Terminal.escaped(flags.joined(separator: " ")), .yellow)
    }

    /// One of a message's `parts`, as deep as it lies.
    static func part(_ part: JSONValue) -> String {
        let path = text(part, "path")
        var line = path.isEmpty ? "message" : path
        line += "  " + text(part, "declared")
        let detected = text(part, "detected")
        if !detected.isEmpty, detected != text(part, "declared") { line += " (\(detected))" }
        line += ", " + Explanation.size(Int(clamping: part["bytes"]?.integer ?? 0))
        for key in ["charset", "encoding", "disposition"] where !text(part, key).isEmpty { line += ", " + text(part, key) }
        let names = words(part, "names")
        if !names.isEmpty { line += ", " + names.map { "\"\($0)\"" }.joined(separator: " or ") }
        let other = part["alternative_to"]?.string
        if let other { line += ", another reading of \(other.isEmpty ? "the message" : other)" }
        let depth = path.utf8.count { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") } + (path.isEmpty ? 0 : 1)
        return String(repeating: "  ", count: min(depth, 40)) + Terminal.escaped(line) + flags(part)
            + Explanation.rest(
                of: part,
                without: [
                    "path", "kind", "parent", "alternative_to", "declared", "detected", "bytes", "charset", "encoding", "disposition",
                    "names",
                    "flags",
                ])
    }

    private static func text(_ value: JSONValue) -> [String] {
        let part = text(value, "part")
        let head = (part.isEmpty ? "message" : part) + ", " + text(value, "source") + words(value, "flags").map { ", " + $0 }.joined()
        let body = text(value, "text").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return [Terminal.colour(Terminal.escaped(head), .bold)] + body.map { "  " + Terminal.escaped(String($0)) }
    }

    /// One of a message's `urls`.
    static func url(_ url: JSONValue) -> String {
        let canonical = text(url, "url")
        var line = canonical.isEmpty ? text(url, "raw") : canonical
        line += "  " + text(url, "source") + " of " + (text(url, "part").isEmpty ? "the message" : "part " + text(url, "part"))
        if !text(url, "anchor").isEmpty { line += ", shown as \"\(text(url, "anchor"))\"" }
        if !canonical.isEmpty, text(url, "raw") != canonical { line += ", written \(text(url, "raw"))" }
        return Terminal.escaped(line) + flags(url)
            + Explanation.rest(of: url, without: ["url", "raw", "source", "part", "anchor", "flags"])
    }
}
