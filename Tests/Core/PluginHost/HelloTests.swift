import Foundation
import Mail
import PluginHost
import Testing

/// The examples through the real ABI: built as their READMEs say, and the same behaviour in all.
struct HelloTests {
    private static let greets = "From: a@b.example\r\nSubject: a warm\r\n WELCOME to all\r\n\r\nbody\r\n"
    private static let silent = "From: a@b.example\r\n\r\nSubject: welcome\r\n"

    @Test(arguments: ["c", "cpp"]) func hello(in language: String) throws {
        let plugins = try TestPlugins()
        try run("make", ["-s", "-C", TestPlugins.tree + "/examples/hello-filter-" + language, "BUILD=" + plugins.folder])
        try check(plugins, "hello-" + language)
    }

    @Test func helloInSwift() throws {
        let plugins = try TestPlugins()
        let example = TestPlugins.tree + "/examples/hello-filter-swift"
        // One build folder for all runs of the tests: the build takes half a minute.
        let scratch = ProcessInfo.processInfo.environment["POSTERN_HELLO_BUILD"] ?? NSTemporaryDirectory() + "/postern-hello-build"
        try run("swift", ["build", "--package-path", example, "--scratch-path", scratch])
        let files = FileManager.default
        try files.copyItem(atPath: scratch + "/debug/libhello-swift.so", toPath: plugins.folder + "/hello-swift.so")
        try files.copyItem(atPath: example + "/hello-swift.manifest.json", toPath: plugins.folder + "/hello-swift.manifest.json")
        try check(plugins, "hello-swift")
    }

    private func check(_ plugins: TestPlugins, _ id: String) throws {
        let exports = try run("nm", ["-D", "--defined-only", plugins.folder + "/\(id).so"]).split(separator: "\n")
            .filter { $0.dropFirst(17).first?.isUppercase == true }
        #expect(exports.count == 1 && exports[0].hasSuffix(" postern_plugin_entry"))

        let settings = JSONValue.object(["greeting": .string("welcome"), "add_header": .bool(true)])
        let verdict = try #require(try plugins.start(.data, id: id, settings: settings, message: Self.greets).1.verdicts.first)
        #expect(verdict.result == .done, "\(verdict.detail)")
        #expect(
            verdict.symbols == [
                Symbol(name: "HELLO", defaultScore: 1.5, detail: "Subject has \"welcome\"", recipients: RecipientSet([0]))
            ])
        #expect(verdict.proposals.map(\.action) == [.addHeader(name: "X-Hello", value: "welcome")])

        let other = try #require(try plugins.start(.data, id: id, settings: settings, message: Self.silent).1.verdicts.first)
        #expect(other.result == .done && other.symbols.isEmpty && other.proposals.isEmpty)
        // The default greeting is another.
        #expect(try plugins.start(.data, id: id, message: Self.greets).1.verdicts.first?.symbols.isEmpty == true)

        #expect {
            _ = try plugins.start(.data, id: id, settings: .object(["greeting": .string("two words")]))
        } throws: {
            "\($0)".contains("/greeting: must be one word of printable ASCII")
        }
        let status = try #require(plugins.host.list().first { $0.id == id })
        #expect(status.calls == 3 && status.faults == 0 && status.generation == 1)
    }
}
