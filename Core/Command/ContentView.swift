import ArgumentParser
import Control
import Mail

/// `postern scan --show`: what a message consists of, for people.
enum ContentView: String, ExpressibleByArgument, CaseIterable {
    case tree, text, urls

    func lines(_ content: JSONValue) -> [String] {
        let title = Terminal.colour(Terminal.escaped(content["file"]?.string ?? ""), .bold)
        return switch self {
        case .tree: [title] + (content["parts"]?.array ?? []).map(Self.part)
        case .text: [title] + (content["texts"]?.array ?? []).flatMap(Self.text)
        case .urls: [title] + (content["urls"]?.array ?? []).map(Self.url)
        }
    }

    private static func text(_ value: JSONValue, _ key: String) -> String { value[key]?.string ?? "" }
    private static func words(_ value: JSONValue, _ key: String) -> [String] { (value[key]?.array ?? []).compactMap(\.string) }

    private static func part(_ part: JSONValue) -> String {
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
        let flags = words(part, "flags")
        return String(repeating: "  ", count: min(depth, 40) + 1) + Terminal.escaped(line)
            + (flags.isEmpty ? "" : "  " + Terminal.colour(Terminal.escaped(flags.joined(separator: " ")), .yellow))
    }

    private static func text(_ value: JSONValue) -> [String] {
        let part = text(value, "part")
        let head = (part.isEmpty ? "message" : part) + ", " + text(value, "source") + words(value, "flags").map { ", " + $0 }.joined()
        let body = text(value, "text").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return ["  " + Terminal.colour(Terminal.escaped(head), .bold)] + body.map { "    " + Terminal.escaped(String($0)) }
    }

    private static func url(_ url: JSONValue) -> String {
        let canonical = text(url, "url")
        var line = canonical.isEmpty ? text(url, "raw") : canonical
        line += "  " + text(url, "source") + " of " + (text(url, "part").isEmpty ? "the message" : "part " + text(url, "part"))
        if !text(url, "anchor").isEmpty { line += ", shown as \"\(text(url, "anchor"))\"" }
        if !canonical.isEmpty, text(url, "raw") != canonical { line += ", written \(text(url, "raw"))" }
        let flags = words(url, "flags")
        return "  " + Terminal.escaped(line) + (flags.isEmpty ? "" : "  " + Terminal.colour(flags.joined(separator: " "), .yellow))
    }
}
