import Foundation

/// Who may know whom: the rules of imports, checked against sources. Pure, so that a test can feed it a violation.
enum ImportRules {
    static let pure: Set<String> = ["Mail", "MIME", "SMTP", "Decide", "DSN", "SRS"]
    static let engines: Set<String> = [
        "Settings", "Receive", "Inspect", "PluginLoader", "PluginHost", "Extract", "Queue", "Store", "Deliver", "DNSClient", "Control",
        "Telemetry", "Supervisor", "InFlight", "Accounts", "HTTPClient", "Sandbox", "WorkerLink",
    ]
    static let top: Set<String> = ["Gateway", "Command", "Worker"]
    /// Below the engines: what several of them need of the system.
    static let base: Set<String> = ["Processes"]
    static var ours: Set<String> { pure.union(base).union(engines).union(top) }
    /// C libraries' headers: no target of the tree above.
    static let systemLibraries: Set<String> = ["CUnbound", "CArgon2", "CSandbox", "CLinux"]

    /// What a pure target must not see: clocks, files, sockets, threads, the environment.
    private static let impure: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Dispatch", "System", "Logging", "Metrics",
    ]

    /// Functions of libc that only compute: `import func Glibc.memchr`. iconv reads tables of its own, which are the same everywhere.
    private static let computing: Set<String> = ["memchr", "memcmp", "iconv", "iconv_open", "iconv_close"]

    /// What a source text imports: `X` of `import X` or `@testable import X`, `X.Y` of `public import struct X.Y`.
    static func imports(of source: String) -> [String] {
        source.split(whereSeparator: \.isNewline).flatMap { $0.split(separator: ";") }.compactMap { line in
            var words = line.split { $0 == " " || $0 == "\t" }[...]
            let isPrefix: (Substring) -> Bool = {
                $0.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains($0)
            }
            while let word = words.first, isPrefix(word) { words = words.dropFirst() }
            guard words.first == "import" else { return nil }
            words = words.dropFirst()
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor"]
            if let word = words.first, kinds.contains(word) { words = words.dropFirst() }
            return words.first.map(String.init)
        }
    }

    /// What is wrong with `target` of Core importing `module`; nil: nothing.
    static func violation(core target: String, imports path: String) -> String? {
        let names = path.split(separator: ".").map(String.init)
        let module = names.first ?? ""
        if module == target { return "imports itself" }
        if !ours.contains(target), !systemLibraries.contains(target) { return "is no folder of the architecture" }
        if pure.contains(target) {
            if ["Glibc", "Musl"].contains(module), names.count == 2, computing.contains(names[1]) { return nil }
            if impure.contains(module) || module.hasPrefix("NIO") { return "is pure and imports \(module)" }
            if target == "Mail", ours.contains(module) { return "is the word list and imports \(module)" }
            if ours.contains(module), module != "Mail" { return "is pure and imports \(module)" }
        }
        if target == "Extract" {
            // An engine that is as pure as MIME, whose words it speaks.
            if impure.contains(module), !(names.count == 2 && computing.contains(names[1])) { return "is pure and imports \(module)" }
            if module.hasPrefix("NIO") || ours.contains(module) && !["Mail", "MIME"].contains(module) {
                return "is pure and imports \(module)"
            }
        }
        if engines.contains(target) {
            if top.contains(module) { return "is an engine and imports \(module)" }
            if engines.contains(module), !sharesWithWorker(target, module) {
                return "is an engine and imports the engine \(module)"
            }
            if ["PluginLoader", "WorkerLink"].contains(target), module.hasPrefix("NIO") {
                return "is shared with the worker and imports \(module)"
            }
        }
        if base.contains(target), !["Glibc", "CLinux"].contains(module) { return "is below the engines and imports \(module)" }
        if target == "Sandbox", !["Glibc", "CSandbox", "CLinux"].contains(module) { return "confines workers and imports \(module)" }
        if target == "Gateway", top.contains(module) { return "imports \(module)" }
        if target == "Worker", module.hasPrefix("NIO") || module.hasPrefix("Hummingbird") { return "imports \(module)" }
        return nil
    }

    /// What the gateway's side of plugins and a worker have in common.
    private static func sharesWithWorker(_ target: String, _ module: String) -> Bool {
        target == "PluginHost" && ["PluginLoader", "WorkerLink"].contains(module) || target == "WorkerLink" && module == "PluginLoader"
    }

    /// Plugins and examples know the SDK and libraries of their own, never Core.
    static func violation(plugin: String, imports path: String) -> String? {
        let module = path.split(separator: ".").first.map(String.init) ?? ""
        return ours.contains(module) || systemLibraries.contains(module) ? "is a plugin and imports \(module) of Core" : nil
    }

    /// A name that says nothing.
    static func isEmptyName(_ component: String) -> Bool {
        ["Utils", "Util", "Utilities", "Helpers", "Helper", "Misc", "Manager", "Managers"].contains { word in
            let stem = component.split(separator: ".").first.map(String.init) ?? component
            return stem.hasSuffix(word) || stem.hasSuffix(word.lowercased()) && stem.count == word.count
        }
    }
}
