import Testing

@testable import YARA

/// What matches become.
struct MatchReportTests {
    private func findings(_ matches: [RuleMatch]) -> [MatchReport.Finding] {
        var report = MatchReport(fullScore: 10, defaultScore: 5)
        for match in matches { report.add(match) }
        return report.findings
    }

    @Test func scoreSymbolAndTags() {
        var match = RuleMatch(rule: "Fake_invoice", file: "mail/a.yar")
        #expect(findings([match]) == [.init(symbol: "YARA_FAKE_INVOICE", factor: 5, detail: "Fake_invoice of mail/a.yar")])
        match.score = 75
        match.symbol = "phish"
        match.tags = ["Finance", "finance"]
        match.description = "Asks for a transfer"
        match.strings = [("$a", 12), ("$b", 900)]
        #expect(
            findings([match]) == [
                .init(
                    symbol: "YARA_PHISH", factor: 7.5,
                    detail: "Fake_invoice of mail/a.yar: Asks for a transfer ($a at 12, $b at 900)"),
                .init(symbol: "YARA_TAG_FINANCE", factor: 1, detail: "Fake_invoice"),
            ])
        match.symbol = "YARA_OWN"
        match.score = 1e9
        match.tags = []
        #expect(findings([match]).map(\.symbol) == ["YARA_OWN"])
        #expect(findings([match]).map(\.factor) == [100])
    }

    @Test func theSameRuleTwiceCountsOnce() {
        var (one, two) = (RuleMatch(rule: "r", file: "a.yar"), RuleMatch(rule: "r", file: "b.yar"))
        one.score = 10
        two.score = 90
        #expect(findings([one, two, one]).map(\.factor) == [9])
    }

    @Test func bounded() {
        var report = MatchReport(fullScore: 10, defaultScore: 5)
        for i in 0..<500 { report.add(RuleMatch(rule: "r\(i)", file: "a")) }
        #expect(report.findings.count == MatchReport.most)
        #expect(report.limited == "more than 128 rules and tags")
    }
}
