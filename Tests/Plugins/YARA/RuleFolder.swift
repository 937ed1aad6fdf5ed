import Foundation

/// A temporary folder of rules. Removed with the last reference.
final class RuleFolder {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path = NSTemporaryDirectory() + "postern-yara-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/rules", withIntermediateDirectories: true)
        for (name, text) in files { try write(name, text) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var rules: String { path + "/rules" }

    func write(_ name: String, _ text: String) throws {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
    }

    static func rule(_ name: String, _ text: String, meta: String = "", tags: String = "") -> String {
        "rule \(name)\(tags.isEmpty ? "" : " : " + tags) {\(meta.isEmpty ? "" : " meta: \(meta)") strings: $a = \"\(text)\" condition: $a }\n"
    }
}
