import Foundation
import Testing

/// Plugins that cannot be used, as an operator meets them: each is refused with its file, the reason and the mend, by `reload`, `check` and
/// `run`, and mail goes on as before.
@Suite(.serialized) struct BadPluginTests {
    private struct Bad: Sendable {
        var name: String
        var homes = ["worker", "host"]
        var settings = ""
        /// What the refusal says.
        var words: [String]
        /// `run` is tried too.
        var alsoAtStart = false
        var spoil: @Sendable (Probe) throws -> Void = { _ in }
    }

    private static func compiled(_ option: String) -> @Sendable (Probe) throws -> Void { { try $0.compile("faulty", options: [option]) } }

    private static let all = [
        // Of the files alone: the home does not matter.
        Bad(name: "no library", homes: ["worker"], words: ["faulty.so: is missing", "mend its files, or remove the filter"]) {
            try FileManager.default.removeItem(atPath: $0.path + "/faulty.so")
        },
        Bad(name: "no manifest", homes: ["worker"], words: ["faulty.so: has no faulty.manifest.json beside it", "mend its files"]) {
            try FileManager.default.removeItem(atPath: $0.path + "/faulty.manifest.json")
        },
        Bad(name: "a manifest that is none", homes: ["worker"], words: ["faulty.manifest.json: ", "is not JSON", "mend its files"]) {
            try "{\"id\"".write(toFile: $0.path + "/faulty.manifest.json", atomically: true, encoding: .utf8)
        },
        Bad(
            name: "settings against the schema", homes: ["worker"], settings: "colour: red",
            words: ["domains/example.com.yaml:4:", "unknown key `colour` in the settings of `faulty`; known: ", "label"]),
        // Of the library, as it is loaded.
        Bad(name: "a text", words: ["faulty.so: is no shared library (not ELF)"]) {
            try "no library".write(toFile: $0.path + "/faulty.so", atomically: true, encoding: .utf8)
        },
        Bad(
            name: "another major", words: ["faulty.so: speaks major 7 of the plugin ABI", "build it with this release's SDK"],
            alsoAtStart: true,
            spoil: compiled("-DPOSTERN_MAJOR=7u")),
        Bad(
            name: "an undefined symbol", words: ["faulty.so: cannot be loaded", "undefined symbol: nobody_has_this"],
            spoil: compiled("-DPOSTERN_UNDEFINED")),
        Bad(name: "another version's manifest", words: ["faulty.so: has version 1.0.0, its manifest 2.0.0"]) {
            try $0.changeManifest("faulty", "1.0.0", to: "2.0.0")
        },
        Bad(
            name: "a constructor that crashes", homes: ["worker"], words: ["faulty.so: ", "ended while it started: SIGSEGV"],
            alsoAtStart: true, spoil: compiled("-DPOSTERN_FAULT_IN_CONSTRUCTOR")),
        Bad(
            name: "settings that end the worker", homes: ["worker"], settings: "label: segfault",
            words: ["faulty.so: ", "SIGSEGV (filter faulty)"], alsoAtStart: true),
    ]

    @Test(.enabled(if: Tool.isStaged)) func isRefusedWithItsFileReasonAndMend() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe("faulty")
        let manifest = try String(contentsOfFile: probe.path + "/faulty.manifest.json", encoding: .utf8)
        let good = "filters: [{hello-c: {name: before}}]"
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: good, probe: probe)
        try gateway.start()
        defer { gateway.stop() }
        var replies: [String] = []
        for bad in Self.all {
            try bad.spoil(probe)
            for home in bad.homes {
                let settings = ["home: \(home)", bad.settings].filter { !$0.isEmpty }.joined(separator: ", ")
                try gateway.writeDomain("filters: [{faulty: {\(settings)}}]")
                let check = try Tool.run([Tool.postern, "check", "--config", gateway.configuration])
                var all = [try gateway.command("reload"), check]
                // Another gateway's: the port and the data folder of this one are taken.
                if bad.alsoAtStart, home == bad.homes.first {
                    let other = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [{faulty: {\(settings)}}]", probe: probe)
                    all.append(try Tool.run([Tool.postern, "run", "--config", other.configuration]))
                }
                for result in all {
                    let said = result.output + result.errors
                    #expect(result.status == 1, "\(bad.name), \(home): \(said)")
                    for word in bad.words { #expect(said.contains(word), "\(bad.name), \(home): \(said)") }
                }
                replies += try gateway.send(text: "beside \(bad.name)")
            }
            try manifest.write(toFile: probe.path + "/faulty.manifest.json", atomically: true, encoding: .utf8)
            try probe.compile("faulty")
            try gateway.writeDomain(good)
        }
        for reply in replies {
            let id = try #require(GatewayUnderTest.queueID(reply), "\(reply)")
            #expect(try gateway.command("trace", id).output.contains("before"), "\(id) was judged by something else")
        }
        #expect(Tool.wait { sink.messages.count == replies.count })
        // What was mended is taken at once.
        try gateway.writeDomain("filters: [faulty]")
        #expect(try gateway.command("reload").status == 0)
        #expect(try gateway.send()[0].hasPrefix("250"))
        #expect(Tool.wait { sink.messages.contains { $0.contains("Judged: 0") } })
    }

    /// The first is used, in the order of the folders and of their names; the second is named where somebody looks.
    @Test(.enabled(if: Tool.isStaged)) func ofTwoPluginsWithOneIDTheFirstCounts() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let probe = try Probe("faulty")
        try FileManager.default.moveItem(atPath: probe.path + "/faulty.so", toPath: probe.path + "/zebra.so")
        try FileManager.default.copyItem(atPath: probe.path + "/faulty.manifest.json", toPath: probe.path + "/zebra.manifest.json")
        try probe.compile("faulty", build: "1")
        let gateway = try GatewayUnderTest(nextHop: sink.port, domain: "filters: [faulty]", probe: probe)
        let words = "\(probe.path)/zebra.manifest.json: the ID 'faulty' is taken by \(probe.path)/faulty.manifest.json"
        try gateway.start()
        defer { gateway.stop() }
        #expect(gateway.lines(words).count == 1, "\(gateway.logText)")
        let check = try Tool.run([Tool.postern, "check", "--config", gateway.configuration])
        #expect(check.status == 0 && check.output.contains(words) && check.output.contains("warning"), "\(check)")
        #expect(try gateway.command("reload").status == 0)
        #expect(gateway.lines(words).count == 2)
        sink.expectDelivered(try gateway.send(), 1, builds: ["1"])
        #expect(try gateway.json("plugin", "list").count { $0["id"] as? String == "faulty" } == 1)
    }
}
