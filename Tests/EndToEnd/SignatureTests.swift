import Foundation
import Testing

/// clamav and yara as they are shipped, each in a worker of its own, behind the live gateway.
@Suite(.serialized) struct SignatureTests {
    private static var isStaged: Bool {
        guard Tool.isStaged else { return false }
        for name in ["clamav", "yara"] where !FileManager.default.fileExists(atPath: "\(Tool.stage)/plugins/\(name).so") {
            print("skipped: the plugin \(name) is not staged")
            return false
        }
        return true
    }

    /// The harmless file that every scanner knows, in pieces so that this file is not it.
    private static let eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!", "$H+H*"].joined()
    /// The same within `GatewayUnderTest.send`, which takes Python's bytes with `%`.
    private static let eicarText = eicar.replacing("\\", with: "\\\\").replacing("%", with: "%%")

    private static func signature(_ name: String, _ text: String) -> String {
        "\(name):0:*:" + text.utf8.map { String(format: "%02x", $0) }.joined() + "\n"
    }

    private static func rule(_ name: String, _ text: String) -> String {
        "rule \(name) { meta: score = 30 strings: $a = \"\(text)\" condition: $a }\n"
    }

    /// By renaming, readable for whoever the worker is.
    private func put(_ text: String, _ path: String, _ gateway: GatewayUnderTest) throws {
        let new = gateway.folder.path + "/new"
        try text.write(toFile: new, atomically: false, encoding: .utf8)
        try #require(chmod(new, 0o644) == 0 && rename(new, gateway.folder.path + "/" + path) == 0)
    }

    private func trace(_ reply: String, _ gateway: GatewayUnderTest) throws -> String {
        let id = try #require(GatewayUnderTest.queueID(reply), "\(reply) \(gateway.logText)")
        return try gateway.command("trace", id).output
    }

    @Test(.enabled(if: isStaged)) func bothFindWhatTheyKnowAndLearnMoreWhileMailFlows() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(nextHop: sink.port)
        let folder = gateway.folder.path
        for name in ["db", "rules"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        for path in [folder, folder + "/db", folder + "/rules"] { chmod(path, 0o755) }
        try put(Self.signature("Eicar-Test", Self.eicar), "db/a.ndb", gateway)
        try put(Self.rule("Invoice", "pay the invoice"), "rules/a.yar", gateway)
        // No hurry: a slow machine fails no mail.
        func filters(_ action: String, _ thresholds: String) -> String {
            "filters: [{clamav: {database: \(folder)/db, check: 100ms, action: \(action), timeout: 300s}}, "
                + "{yara: {rules: \(folder)/rules, check: 100ms, timeout: 300s}}]\nthresholds: {\(thresholds)}"
        }
        try gateway.writeDomain(filters("quarantine", "tag: 3"))
        try gateway.writeDomain(filters("none", "tag: 3, reject: 15"), domain: "strict.example")
        try gateway.start()
        defer { gateway.stop() }

        // By its action, and by its weight.
        let kept = try gateway.send(text: Self.eicarText)[0]
        let id = try #require(GatewayUnderTest.queueID(kept), "\(kept) \(gateway.logText)")
        #expect(try gateway.json("quarantine", "list").map { $0["id"] as? String } == [id])
        #expect(try gateway.command("quarantine", "show", id).output.contains("infected: Eicar-Test.UNOFFICIAL"))
        #expect(try trace(kept, gateway).contains("VIRUS_EICAR_TEST"))
        let refused = try gateway.send(to: ["c@strict.example"], text: Self.eicarText)[0]
        #expect(refused.hasPrefix("550"), "\(refused)")
        #expect(gateway.workers.count == 2, "each in a worker of its own: \(gateway.workers)")

        let matched = try trace(try gateway.send(text: "Please pay the invoice.")[0], gateway)
        #expect(matched.contains("YARA_INVOICE") && matched.contains("tag, score 3"), "\(matched)")
        let clean = try trace(try gateway.send(text: "Nothing to see.")[0], gateway)
        #expect(!clean.contains("YARA_INVOICE") && clean.contains("accept, score 0"), "\(clean)")

        // New signatures take effect while mail flows, and none of it is held up or lost.
        func isRefused() throws -> Bool { try gateway.send(to: ["c@strict.example"], text: "a brand new worm")[0].hasPrefix("550") }
        #expect(try !isRefused())
        let flow = Flow(gateway, clients: 2, each: nil)
        try put(Self.signature("Worm", "a brand new worm"), "db/b.ndb", gateway)
        #expect(try Tool.wait(120, until: isRefused), "\(gateway.logText)")
        try put(Self.rule("Parcel", "your parcel waits"), "rules/b.yar", gateway)
        var last = ""
        #expect(
            try Tool.wait(120) {
                last = try trace(try gateway.send(text: "your parcel waits")[0], gateway)
                return last.contains("YARA_PARCEL")
            }, "\(last) \(gateway.logText)")
        let replies = flow.finish()
        #expect(replies.allSatisfy { $0.hasPrefix("250") }, "\(replies.filter { !$0.hasPrefix("250") })")
        #expect(gateway.logText.contains("is loaded again"))
        #expect(gateway.workers.count == 2, "nothing was started again: \(gateway.workers)")
    }
}
