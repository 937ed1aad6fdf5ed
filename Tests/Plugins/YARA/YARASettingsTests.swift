import PosternKit
import Testing

@testable import YARA

struct YARASettingsTests {
    @Test func oneOrSeveral() throws {
        #expect(try YARASettings(Settings(#"{"rules": "/a"}"#)).rules == ["/a"])
        let settings = try YARASettings(Settings(#"{"rules": ["/a", "/b/*.yar"], "check": "1s", "max_scan_time": "3s", "full_score": 4}"#))
        #expect(settings.rules == ["/a", "/b/*.yar"])
        #expect(settings.interval == .seconds(1) && settings.seconds == 3 && settings.fullScore == 4 && settings.defaultScore == 5)
    }

    @Test(arguments: [
        ("{}", ""), (#"{"rules": []}"#, "/rules"), (#"{"rules": ["/a", "b"]}"#, "/rules/1"), (#"{"rules": "a"}"#, "/rules"),
        (#"{"rules": "/a", "check": 0}"#, "/check"), (#"{"rules": "/a", "max_scan_time": "500ms"}"#, "/max_scan_time"),
        (#"{"rules": "/a", "full_score": "1"}"#, "/full_score"),
        (#"{"rules": "/a", "full_score": 1001}"#, "/full_score"), (#"{"rules": "/a", "full_score": -1}"#, "/full_score"),
        (#"{"rules": "/a", "default_score": 2e6}"#, "/default_score"),
    ])
    func complaintsNameTheirPlace(_ json: String, _ pointer: String) {
        #expect { try YARASettings(Settings(json)) } throws: { ($0 as? SettingsError)?.pointer == pointer }
    }

    /// The host refuses factors beyond a million.
    @Test func noMatchIsLostByItsFactor() throws {
        let settings = try YARASettings(Settings(#"{"rules": "/a", "full_score": 1000, "default_score": -1000}"#))
        var report = MatchReport(fullScore: settings.fullScore, defaultScore: settings.defaultScore)
        for (name, score) in [("most", 1e300), ("least", -1e300), ("none", nil)] {
            var match = RuleMatch(rule: name, file: "a.yar")
            match.score = score
            report.add(match)
        }
        #expect(report.findings.map(\.factor) == [10_000, -10_000, -1000])
    }

    @Test(arguments: [
        ("/nowhere/a.yar", "/nowhere"), ("/nowhere/*/x?.yar", "/nowhere"), ("/*.yar", "/"), ("/tmp", "/tmp"), ("/a.yar", "/"),
    ])
    func roots(_ entry: String, _ root: String) { #expect(RuleFiles.root(of: entry) == root) }
}
