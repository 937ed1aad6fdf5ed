import Foundation
import Testing

/// `postern scan --json` over Tests/Corpus: each NAME.eml has its NAME.verdict.json beside it. Where they differ, NAME.actual.json is
/// written beside them: look at it, and rename it if it is right.
@Suite(.serialized) struct ScanTests {
    private static let corpus = Tool.tree + "/Tests/Corpus"

    private func configured() throws -> GatewayUnderTest {
        let gateway = try GatewayUnderTest(
            nextHop: Tool.freePort(), domain: "filters: [hello-c]\nscores: {RBL_LIST: 2}\nthresholds: {tag: 5}",
            more: "edge: [{rbl: {zones: {list.example: {\"*\": 1, 127.0.0.9: 20}}}}]\nthresholds: {reject: 20}")
        try gateway.write(
            "answers.json", #"{"2.2.0.192.list.example": {"A": ["127.0.0.2"]}, "9.2.0.192.list.example": {"A": ["127.0.0.9"]}}"#)
        return gateway
    }

    private func scan(_ gateway: GatewayUnderTest, _ arguments: [String]) throws -> (status: Int32, lines: [[String: Any]]) {
        let result = try Tool.run(
            [
                Tool.postern, "scan", "--json", "--config", gateway.configuration, "--dns", gateway.configuration + "/answers.json", "--at",
                "2026-11-21T22:10:57Z",
            ] + arguments)
        let lines = try result.output.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        return (result.status, lines)
    }

    @Test(.enabled(if: Tool.isStaged)) func theCorpusIsJudgedAsWritten() throws {
        let gateway = try configured()
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.corpus).filter { $0.hasSuffix(".eml") }.sorted()
        try #require(files.count >= 4)
        let (status, lines) = try scan(
            gateway,
            ["--client", "192.0.2.2", "--from", "a@sender.example", "--to", "b@example.com"] + files.map { Self.corpus + "/" + $0 })
        #expect(status == 0)
        try #require(lines.count == files.count)
        for (file, line) in zip(files, lines) {
            let stem = Self.corpus + "/" + file.dropLast(4)
            let actual = try Self.withoutTimes(line, file)
            let expected = (try? String(contentsOfFile: stem + ".verdict.json", encoding: .utf8)) ?? ""
            #expect(actual == expected, "\(file)")
            if actual != expected { try actual.write(toFile: stem + ".actual.json", atomically: true, encoding: .utf8) }
        }
    }

    /// Pretty, with sorted keys; the file by its name, and no times.
    private static func withoutTimes(_ line: [String: Any], _ file: String) throws -> String {
        var line = line
        line["file"] = file
        line["filters"] = (line["filters"] as? [[String: Any]] ?? []).map {
            $0.filter { $0.key != "microseconds" && $0.key != "busy_microseconds" }
        }
        let data = try JSONSerialization.data(withJSONObject: line, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    @Test(.enabled(if: Tool.isStaged)) func severalRecipientsAndARefusedClientAndAMissingFile() throws {
        let gateway = try configured()
        try gateway.writeDomain("filters: []\nthresholds: {tag: 1}", domain: "other.example")
        let file = Self.corpus + "/greeting.eml"
        let two = try scan(gateway, ["--client", "192.0.2.2", "--to", "b@example.com", "--to", "c@other.example", file])
        let recipients = try #require(two.lines.first?["recipients"] as? [[String: Any]])
        #expect(recipients.map { $0["disposition"] as? String } == ["accept", "tag"], "\(recipients)")
        #expect(recipients.map { $0["score"] as? Double } == [3.5, 1], "the domain's weight, and the list's own")

        let refused = try scan(gateway, ["--client", "192.0.2.9", "--to", "b@example.com", file])
        #expect(refused.status == 0, "it was judged")
        #expect(refused.lines.first?["disposition"] as? String == "reject", "\(refused.lines)")
        #expect((refused.lines.first?["symbols"] as? [[String: Any]])?.first?["name"] as? String == "RBL_LIST")

        let missing = try scan(gateway, ["--to", "b@example.com", file, Self.corpus + "/no-such.eml"])
        #expect(missing.status == 1 && missing.lines.count == 1)
    }
}
