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

    /// For people: what a message consists of, with and without what filters say, and nothing in it that moves a cursor.
    @Test(.enabled(if: Tool.isStaged)) func whatAMessageConsistsOf() throws {
        let gateway = try configured()
        let file = gateway.folder.path + "/odd.eml"
        try """
        From: a@sender.example
        Subject: Invoice
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/html; charset=utf-8

        <p>Hello <a href="http://evil.example/x?y=%41">good.example</a><span style="display:none">not\u{1B}[1mseen</span></p>
        --b
        Content-Type: application/pdf; name="a.pdf"
        Content-Disposition: attachment; filename="b.exe"
        Content-Transfer-Encoding: base64

        TVqQAAMAAAAEAAAA//8AALgAAAA
        --b--

        """.write(toFile: file, atomically: true, encoding: .utf8)
        func show(_ arguments: String...) throws -> [String] {
            let result = try Tool.run([Tool.postern, "scan", "--config", gateway.configuration] + arguments + [file])
            #expect(result.status == 0 && !result.output.contains("\u{1B}"), "\(result)")
            return result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let tree = try show("--show", "tree")
        #expect(tree.count == 4 && tree[1].hasPrefix("message  multipart/mixed, "), "\(tree)")
        #expect(tree[3].hasPrefix("2  application/pdf (application/x-dosexec), 20 B, base64, attachment, \"b.exe\" or \"a.pdf\"  "))
        #expect(tree[3].contains(" ambiguous ") && tree[3].contains(" type-mismatch [sha256: "), "\(tree)")
        let text = try show("--show", "text")
        #expect(text.starts(with: [file, "message, subject", "Invoice", "1, html", "Hello good.example", "1, hidden"]), "\(text)")
        let url = "http://evil.example/x?y=A  link of part 1, shown as \"good.example\", written http://evil.example/x?y=%41  encoded"
        #expect(try show("--show", "urls") == [file, url])
        // The same words, below what the filters say.
        let scan = try show("--to", "b@example.com")
        #expect(scan.contains(url) && tree.dropFirst().allSatisfy(scan.contains), "\(scan)")
        #expect(scan[0] == "\(file): accept, score 0: below all thresholds")
    }
}
