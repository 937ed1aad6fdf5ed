import Foundation
import Mail
import PluginHost
import Testing

@testable import PluginLoader

/// Bad plugins and bad manifests: a clear refusal each, and the gateway lives.
struct LoadTests {
    private func refusal(_ plugins: TestPlugins) -> String {
        plugins.host.rescan()
        do {
            _ = try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
            return "loaded"
        } catch {
            return "\(error)".replacingOccurrences(of: plugins.folder + "/", with: "")
        }
    }

    @Test func noLibrary() throws {
        let plugins = try TestPlugins()
        try "hello, I am a text".write(toFile: plugins.folder + "/test.so", atomically: true, encoding: .utf8)
        try plugins.write()
        #expect(refusal(plugins) == "test.so: is no shared library (not ELF)")
    }

    /// Mapping a file that was cut short works; touching what is missing would end the process.
    @Test func aLibraryThatWasCutShort() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;")
        let path = plugins.folder + "/test.so"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for count in [whole.count / 2, whole.count / 4, 100] {
            try whole.prefix(count).write(to: URL(fileURLWithPath: path))
            #expect(refusal(plugins).hasPrefix("test.so: is not whole"), "\(count) bytes")
        }
    }

    @Test func noEntry() throws {
        let plugins = try TestPlugins()
        try "int nothing;".write(toFile: plugins.folder + "/a.c", atomically: true, encoding: .utf8)
        try plugins.compile(file: plugins.folder + "/a.c", to: "test.so")
        try plugins.write()
        #expect(refusal(plugins) == "test.so: is no Postern plugin: it exports no postern_plugin_entry")
    }

    @Test func otherMajor() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", major: "7")
        #expect(refusal(plugins).hasPrefix("test.so: speaks major 7 of the plugin ABI, this Postern speaks 0"))
    }

    /// While the ABI is a draft, another minor is another layout.
    @Test func otherDraft() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", minor: "77")
        #expect(refusal(plugins).hasPrefix("test.so: speaks draft 0.77 of the plugin ABI, this Postern speaks 0."))
    }

    @Test func twoPluginsWithOneID() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;")
        let folder = URL(filePath: plugins.folder)
        for ending in [".so", ".manifest.json"] {
            try FileManager.default.copyItem(at: folder.appending(path: "test" + ending), to: folder.appending(path: "zebra" + ending))
        }
        #expect(plugins.host.rescan().map(\.text) == ["the ID 'test' is taken by \(plugins.folder)/test.manifest.json"])
        // The first goes on.
        _ = try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
    }

    @Test func aSymbolOfTheGatewaysOwn() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", manifest: ["symbols": #"[{"name": "PLUGIN_X_CRASH", "score": 1}]"#])
        #expect(plugins.host.rescan().contains { "\($0)".contains("/symbols/0/name") })
    }

    @Test func aPhaseThatIsNone() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", manifest: ["phases": "[\"dream\"]"])
        #expect(plugins.host.rescan().contains { "\($0)".contains("/phases") })
    }

    @Test func theAuthPhaseIsRun() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", manifest: ["phases": "[\"auth\"]"])
        #expect(plugins.host.rescan().isEmpty)
    }

    @Test func undefinedSymbol() throws {
        let plugins = try TestPlugins()
        try plugins.compile("extern int nobody_has_this(void); return (postern_step)nobody_has_this();")
        #expect(refusal(plugins).contains("undefined symbol: nobody_has_this"))
    }

    @Test func missingExtension() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", manifest: ["requires": "[\"com.example.magic/3\"]"])
        #expect(refusal(plugins).hasPrefix("test.so: needs the extension com.example.magic/3, which this Postern lacks"))
    }

    @Test func libraryWithoutManifest() throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;")
        try FileManager.default.removeItem(atPath: plugins.folder + "/test.manifest.json")
        let texts = plugins.host.rescan().map(\.text)
        #expect(texts == ["has no test.manifest.json beside it"])
        #expect(plugins.host.pluginNames.isEmpty)
    }

    @Test(arguments: [
        (["colour": "1"], "/colour is not known"),
        (["id": "\"A b\""], "/id must be text"),
        (["phases": "[\"dinner\"]"], "/phases/0 must be one of"),
        (["phases": ""], "/phases is missing"),
        (["symbols": "[{\"name\": \"low\", \"score\": 1}]"], "/symbols/0/name must be"),
        (["symbols": "[{\"name\": \"A\"}]"], "/symbols/0/score must be a number"),
        (["rights": "[\"fly\"]"], "/rights/0 must be one of"),
        (["home": "\"worker-per-domain\""], "/home 'worker-per-domain' is not among /homes"),
        (["settings": "[]"], "/settings must be a JSON Schema"),
        (["vendor": "{"], "is not JSON"),
    ])
    func badManifest(_ changes: [String: String], _ complaint: String) throws {
        let plugins = try TestPlugins()
        try plugins.compile("return POSTERN_DONE;", manifest: changes)
        let failures = plugins.host.rescan()
        #expect(failures.count == 1)
        #expect(failures.first?.text.contains(complaint) == true, "\(failures)")
    }

    @Test func aChangedLibraryIsANewGeneration() throws {
        let plugins = try TestPlugins()
        try plugins.compile("out->add_symbol(out, text(\"LIST_ONE\"), 1, text(\"\"), NULL, NULL); return POSTERN_DONE;")
        #expect(try plugins.start(.connect).1.verdicts.first?.symbols.map(\.name) == ["LIST_ONE"])
        try plugins.compile("out->add_symbol(out, text(\"LIST_TWO\"), 1, text(\"\"), NULL, NULL); return POSTERN_DONE;")
        #expect(try plugins.start(.connect).1.verdicts.first?.symbols.map(\.name) == ["LIST_TWO"])
        #expect(plugins.host.list().first?.generation == 2)
    }
}
