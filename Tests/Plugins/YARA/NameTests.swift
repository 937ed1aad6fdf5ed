import Foundation
import PluginTestKit
import Testing

@testable import YARA

/// A rule that asks what a file is called is asked by every name that a reader could give to the part.
@Suite(.enabled(if: PluginUnderTest.library("yara-filter") != nil, "libyara-filter.so is not beside the tests"))
struct YARANameTests {
    private func scan(_ rules: [String: String], _ parts: [ScanPart], _ more: String = "") throws -> PluginUnderTest.Outcome {
        let folder = try RuleFolder(rules)
        let plugin = try PluginUnderTest(PluginUnderTest.library("yara-filter")!)
        return try plugin.instance(#"{"rules": "\#(folder.rules)"\#(more)}"#).scan(Array("Subject: x\r\n\r\n".utf8), parts: parts)
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func anyNameMatches() throws {
        let rules = """
            rule Second { condition: filename == "evil.exe" and extension == ".exe" and filepath == filename }
            rule Third { strings: $a = "MZ" condition: $a at 0 and extension == ".scr" }
            rule First { condition: filename == "harmless.txt" }
            rule Two { condition: filename == "harmless.txt" and extension == ".exe" }
            rule None { condition: filename == "" and filetype == "image/png" }
            """
        let part = ScanPart("1", names: ["harmless.txt", "evil.exe", "x.SCR"], bytes("MZ..."))
        let outcome = try scan(["rules/a.yar": rules], [part])
        #expect(outcome.symbols.map(Set.init) == ["YARA_FIRST", "YARA_SECOND", "YARA_THIRD"], "\(outcome)")
        #expect(outcome.details?.contains("Third of a.yar ($a at 0) in part 1 as x.SCR") == true, "\(outcome)")
    }

    /// Equal bytes are looked at once, but by the names and types of all parts that have them.
    @Test func equalBytesByOtherNames() throws {
        let rules = """
            rule Evil { condition: filename == "evil.exe" }
            rule Picture { condition: filetype == "image/png" and filename == "b.png" }
            """
        let parts = [
            ScanPart("1", names: ["a.txt"], type: "text/plain", bytes("same")), ScanPart("2", names: ["evil.exe"], bytes("same")),
            ScanPart("3", names: ["b.png"], type: "image/png", bytes("same")),
        ]
        #expect(try scan(["rules/a.yar": rules], parts).symbols.map(Set.init) == ["YARA_EVIL", "YARA_PICTURE"])
    }

    @Test func textsByAnyName() throws {
        let rules = "rule Form { strings: $a = \"password\" condition: $a and filename == \"form.html\" }"
        let part = ScanPart("1", names: ["a.txt", "form.html"], type: "text/html", bytes("<p>pass<b>word"), text: bytes("password"))
        let outcome = try scan(["rules/a.yar": rules], [part])
        #expect(outcome.details == ["Form of a.yar ($a at 0) in plain text of part 1 as form.html"], "\(outcome)")
    }

    /// Names asked for by a file that is included, beside a rule of the same file that is not concerned; and global rules go on to hold.
    @Test func includedFilesAndGlobalRules() throws {
        let outcome = try scan(
            [
                "rules/a.yar": "include \"deep/names.inc\"\nrule Uses { condition: IsEvil and filesize > 1 }",
                "rules/b.yar": "global rule Never { condition: filesize > 1000 }\nrule Held { condition: filename == \"evil.exe\" }",
                "rules/deep/names.inc": "private rule IsEvil { condition: filename == \"evil.exe\" }",
            ], [ScanPart("1", names: ["a.txt", "evil.exe"], bytes("four"))])
        #expect(outcome.symbols == ["YARA_USES"], "\(outcome)")
    }

    /// Only the files that ask are looked through again, not all others.
    @Test func onlyWhatAsksIsAskedAgain() throws {
        let folder = try RuleFolder([
            "rules/a.yar": RuleFolder.rule("Plain", "same"), "rules/b.yar": "rule Named { condition: filename == \"b\" }",
        ])
        let files = ["a", "b"].map { RuleFile(path: "\(folder.rules)/\($0).yar", root: folder.rules) }
        let both = try #require(RuleCompiler.compile(files).set)
        func found(_ choice: RuleSet.Choice, in set: RuleSet) throws -> [String] {
            var report = MatchReport(fullScore: 10, defaultScore: 5)
            try bytes("same").withUnsafeBytes {
                try set.scan($0, ScanVariables(["filename": "b"]), by: choice, seconds: 60, into: &report) { false }
            }
            return report.findings.map(\.symbol)
        }
        #expect(try found(.all, in: both) == ["YARA_PLAIN", "YARA_NAMED"])
        #expect(both.asksForLabels && both.count == 2)
        #expect(try found(.ofLabels, in: both) == ["YARA_NAMED"])
        let one = try #require(RuleCompiler.compile([files[0]]).set)
        #expect(try !one.asksForLabels && found(.ofLabels, in: one).isEmpty)
    }

    @Test func moreNamesThanAreLookedAtAreTold() throws {
        let parts = (1...65).map { ScanPart("\($0)", names: ["a\($0).txt"], bytes("same")) }
        let rule = ["rules/a.yar": "rule Last { condition: filename == \"a64.txt\" }"]
        #expect(try scan(rule, Array(parts.prefix(64))).symbols == ["YARA_LAST"])
        #expect(try scan(rule, parts).details?.last == "part 1 has more than 64 names")
    }

    /// Twenty parts that together take longer than a second: the rest is told, or one alone took so long, which is an error. Never clean.
    @Test func partsThatAreLeftOutAreTold() throws {
        let slow = "rule Slow { condition: filesize == 1000 and for any i in (0..20000000) : ( i == 20000001 ) }"
        let parts = (1...20).map { ScanPart("\($0)", [UInt8](repeating: UInt8($0), count: 1000)) }
        let outcome = try scan(["rules/a.yar": slow], parts, #", "max_scan_time": "1s""#)
        let isTold = outcome.details?.first?.hasPrefix("max_scan_time was over before part ") == true
        #expect(isTold || outcome.failure == "the rules took longer than 1 s", "\(outcome)")
    }
}
