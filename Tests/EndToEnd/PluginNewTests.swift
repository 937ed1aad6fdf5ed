import Foundation
import GatewayTestKit
import Testing

/// `postern plugin new` makes a filter that builds as its README says, and that the gateway loads under its own name.
@Suite(.serialized) struct PluginNewTests {
    private func new(_ name: String, _ language: String, in folder: TemporaryFolder) throws -> Tool.Result {
        try Tool.run([Tool.postern, "plugin", "new", name, "--language", language, "--in", folder.path])
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["c", "cpp"]) func works(_ language: String) throws {
        let folder = try TemporaryFolder()
        let probe = try Probe()
        let made = try new("my-first", language, in: folder)
        try #require(made.status == 0, "\(made.errors)")
        let built = try Tool.run(["make", "-s", "-C", folder.path + "/my-first", "BUILD=" + probe.path])
        try #require(built.status == 0, "\(built.errors)")
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "filters: [{my-first: {greeting: test, add_header: true}}]", probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        // Its Subject is `test`.
        #expect(try gateway.send()[0].hasPrefix("250"))
        #expect(Tool.wait { sink.messages.contains { $0.contains("X-Hello: test") } })
    }

    @Test(.enabled(if: Tool.isStaged), arguments: ["c", "cpp", "swift"]) func speaksOfItselfAlone(_ language: String) throws {
        let folder = try TemporaryFolder()
        let made = try new("my-first", language, in: folder)
        try #require(made.status == 0, "\(made.errors)")
        let path = folder.path + "/my-first"
        let files = try FileManager.default.subpathsOfDirectory(atPath: path)
        #expect(files.contains("my-first.manifest.json") && files.contains("README.md"), "\(files)")
        for file in files where !file.contains("hello") && file != "Sources" {
            let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
            #expect(!text.contains("hello-\(language)") && !text.contains("../../SDK"), "\(file): \(text)")
        }
        let again = try new("my-first", language, in: folder)
        #expect(again.status == 1 && again.errors.contains("is there already"), "\(again)")
        for bad in ["../x", "Big", "1st", ""] { #expect(try new(bad, language, in: folder).status == 2) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["my-first"])
    }
}
