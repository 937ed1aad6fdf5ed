import Foundation
import Testing

/// Rules 1 to 4 of the architecture, read from the imports of every Swift file.
@Suite struct ArchitectureTests {
    struct Source {
        /// From the repository's root: `Core/Mail/Words/Reply.swift`.
        let path: String
        /// `Core`, `Mail`, ...
        var parts: [String] { path.split(separator: "/").map(String.init) }
        let imports: [String]
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Everything below `folder`, without build products and hidden files.
    static func paths(_ folder: String) -> [String] {
        let skipped: Set<String> = [".build", "build", "target", "node_modules"]
        guard
            let walk = FileManager.default.enumerator(
                at: root.appendingPathComponent(folder), includingPropertiesForKeys: [.isDirectoryKey], options: [.skipsHiddenFiles])
        else { return [] }
        var found: [String] = []
        for case let url as URL in walk {
            if skipped.contains(url.lastPathComponent) { walk.skipDescendants(); continue }
            found.append(String(url.path.dropFirst(root.path.count + 1)))
        }
        return found.sorted()
    }

    static func sources(_ folder: String) throws -> [Source] {
        try paths(folder).filter { $0.hasSuffix(".swift") }.map { path in
            let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            return Source(path: path, imports: ImportRules.imports(of: text))
        }
    }

    static func folders(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path).sorted().filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: root.appendingPathComponent("\(folder)/\(name)").path, isDirectory: &isFolder)
            return isFolder.boolValue && !name.hasPrefix(".")
        }
    }

    @Test func core() throws {
        let sources = try Self.sources("Core")
        #expect(sources.count > 50)
        for source in sources where source.parts.count > 2 {
            for module in source.imports {
                if let wrong = ImportRules.violation(core: source.parts[1], imports: module) {
                    Issue.record("\(source.path): \(source.parts[1]) \(wrong)")
                }
            }
        }
    }

    @Test func pluginsAndExamples() throws {
        for folder in ["Plugins", "examples", "SDK"] {
            for source in try Self.sources(folder) {
                for module in source.imports {
                    if let wrong = ImportRules.violation(plugin: source.parts.last!, imports: module) {
                        Issue.record("\(source.path): \(wrong)")
                    }
                }
            }
        }
        #expect(try !Self.sources("Plugins").isEmpty)
    }

    @Test func readmes() throws {
        for folder in ["Core", "Plugins"] {
            let names = try Self.folders(in: folder).filter { !ImportRules.systemLibraries.contains($0) }
            #expect(!names.isEmpty)
            for name in names {
                let readme =
                    (try? String(contentsOf: Self.root.appendingPathComponent("\(folder)/\(name)/README.md"), encoding: .utf8)) ?? ""
                // More than a title.
                #expect(readme.split(separator: "\n").count > 3, "\(folder)/\(name)/README.md says nothing")
            }
        }
    }

    @Test func names() throws {
        for path in ["Core", "Plugins", "SDK", "Tests", "examples"].flatMap(Self.paths) {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            #expect(!ImportRules.isEmptyName(name), "\(path): the name says nothing")
        }
    }

    // Each rule can fail:

    @Test(arguments: [
        ("Mail", "MIME"), ("Mail", "Foundation"), ("MIME", "SMTP"), ("SMTP", "NIOCore"), ("Decide", "Dispatch"), ("MIME", "Glibc"),
        ("SMTP", "Glibc.time"),
        ("Decide", "Foundation.Date"), ("Queue", "Store.SQLiteStore"),
        ("Decide", "Inspect"), ("Queue", "Store"), ("Inspect", "PluginHost"), ("PluginLoader", "PluginHost"), ("PluginLoader", "NIOCore"),
        ("Store", "Gateway"), ("Control", "Command"), ("Gateway", "Command"), ("Mystery", "Mail"), ("Worker", "NIOPosix"),
        ("Sandbox", "Foundation"), ("Sandbox", "Mail"),
    ]) func refused(_ target: String, _ module: String) {
        #expect(ImportRules.violation(core: target, imports: module) != nil)
    }

    @Test(arguments: [
        ("MIME", "Mail"), ("Inspect", "MIME"), ("Inspect", "Decide"), ("PluginHost", "PluginLoader"), ("Receive", "NIOCore"),
        ("Gateway", "Store"), ("Command", "Gateway"), ("DNSClient", "CUnbound"), ("Mail", "Synchronization"), ("Store", "Foundation"),
        ("SMTP", "Glibc.memchr"),
    ]) func allowed(_ target: String, _ module: String) {
        #expect(ImportRules.violation(core: target, imports: module) == nil)
    }

    @Test func pluginsSeeTheSDKOnly() {
        #expect(ImportRules.violation(plugin: "RBL", imports: "Mail") != nil)
        #expect(ImportRules.violation(plugin: "RBL", imports: "PluginHost") != nil)
        #expect(ImportRules.violation(plugin: "RBL", imports: "PosternKit") == nil)
        #expect(ImportRules.violation(plugin: "RBL", imports: "CPostern") == nil)
    }

    @Test func importLines() {
        let text = """
            /// import Nothing
            import A
            @testable import B
              @preconcurrency public import C
            import struct D.E
            @_exported import func F.G // comment
            let x = 1; import H
            let imported = "import I"
            @testable
            """
        #expect(ImportRules.imports(of: text) == ["A", "B", "C", "D.E", "F.G", "H"])
    }

    @Test func emptyNames() {
        for name in ["Utils", "StringUtils.swift", "Helpers", "QueueManager.swift", "misc", "TestHelper.swift"] {
            #expect(ImportRules.isEmptyName(name), "\(name)")
        }
        for name in ["Mail", "Reply.swift", "manifest.json", "Permission.swift"] { #expect(!ImportRules.isEmptyName(name), "\(name)") }
    }
}
