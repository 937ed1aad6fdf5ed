import Foundation
import PosternKit
import Testing

@testable import YARA

/// Rules and engine cases that others published, in POSTERN_TESTDATA.
@Suite(.enabled(if: PublishedRules.isThere, "no yara in POSTERN_TESTDATA"))
struct PublishedRuleTests {

    private struct Case: Decodable {
        var kind: String
        var rule: String?
        var data: Bytes?
        var regexp: String?
        var expect: String
        var agree: Bool
        var id: Int
    }

    /// Text, or `{"hex": "..."}`.
    private struct Bytes: Decodable {
        var bytes: [UInt8]

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                bytes = Array(text.utf8)
            } else {
                let digits = Array(try decoder.singleValueContainer().decode([String: String].self)["hex"] ?? "")
                bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
            }
        }
    }

    private func symbols(_ set: RuleSet, _ bytes: [UInt8]) throws -> Set<String> {
        var report = MatchReport(fullScore: 10, defaultScore: 5)
        try bytes.withUnsafeBytes { try set.scan($0, ScanVariables(), seconds: 60, into: &report) { false } }
        return Set(report.findings.map(\.symbol).filter { !$0.hasPrefix("YARA_TAG_") })
    }

    @Test func everyFileCompilesAndEverySampleMatchesWhatItShould() throws {
        let settings = try YARASettings(Settings(#"{"rules": "\#(PublishedRules.data)/yara/rules"}"#))
        let files = RuleFiles(settings) { _ in }
        #expect(files.check().map(\.description) == [])
        let set = try files.load(isFirst: true)
        #expect(set.files >= 80)
        var expected: [String: Set<String>] = [:]
        for line in try String(contentsOfFile: PublishedRules.data + "/yara/matches.tsv", encoding: .utf8).split(separator: "\n")
            .dropFirst()
        {
            let fields = line.split(separator: "\t").map(String.init)
            expected[fields[0].replacing(": ", with: "/"), default: []].insert(SymbolName.make("YARA_", fields[1]))
        }
        let list = URL(filePath: PublishedRules.data + "/yara/scanned.json")
        let scanned = try JSONDecoder().decode([String].self, from: Data(contentsOf: list))
        var compared = 0
        var wrong: [String] = []
        for name in scanned {
            let path = name.replacing("/open/", with: "/")
            guard let bytes = try? Data(contentsOf: URL(filePath: PublishedRules.data + "/" + path)) else { continue }
            compared += 1
            let found = try symbols(set, [UInt8](bytes))
            if found != expected[path] ?? [] { wrong.append("\(path): \(found.symmetricDifference(expected[path] ?? []))") }
        }
        #expect(compared > 500)
        #expect(wrong.prefix(10) == [])
    }

    /// Rules that compile or do not, match or do not: each as the engine's makers say, where the installed engine agrees.
    @Test func engineCases() throws {
        let url = URL(filePath: PublishedRules.data + "/yara/libyara-test-rules.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url)).filter { one in
            // Those of variables need ones of their own.
            one.agree && one.rule?.contains("_var") != true && one.rule?.contains("var_") != true
        }
        #expect(cases.count > 300)
        var wrong: [String] = []
        for one in cases {
            let folder = try RuleFolder(["rules/a.yar": one.rule ?? "rule test { strings: $a = /\(one.regexp ?? "")/ condition: $a }"])
            let (set, faults) = RuleCompiler.compile([RuleFile(path: folder.rules + "/a.yar", root: folder.rules)])
            let found: String
            if let set {
                let matches = try symbols(set, one.data?.bytes ?? []).isEmpty == false
                found = one.kind == "compile" ? "ok" : matches ? "match" : "nomatch"
            } else {
                found = "error"
            }
            if found != one.expect { wrong.append("\(one.id): \(found) \(faults.first?.description ?? "")") }
        }
        #expect(wrong == [])
    }
}

private enum PublishedRules {
    static let data = ProcessInfo.processInfo.environment["POSTERN_TESTDATA"] ?? "../shared/data"
    static var isThere: Bool { FileManager.default.fileExists(atPath: data + "/yara/matches.tsv") }
}
