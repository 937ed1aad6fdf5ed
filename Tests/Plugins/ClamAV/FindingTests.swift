import Testing

@testable import ClamAV

/// What a signature's name becomes.
struct FindingTests {
    @Test(arguments: [
        ("Eicar-Test-Signature", "VIRUS_EICAR_TEST_SIGNATURE", Finding.Kind.virus),
        ("Win.Test.EICAR_HDB-1", "VIRUS_WIN_TEST_EICAR_HDB_1", .virus),
        ("ClamAV-Test-File.UNOFFICIAL", "VIRUS_CLAMAV_TEST_FILE", .virus),
        ("Heuristics.Phishing.Email.SpoofedDomain", "CLAMAV_HEURISTIC_PHISHING_EMAIL_SPOOFEDDOMAIN", .heuristic),
        ("Heuristics.OLE2.ContainsMacros", "CLAMAV_HEURISTIC_OLE2_CONTAINSMACROS", .heuristic),
        ("Heuristics.Encrypted.Zip", "CLAMAV_UNCHECKED_ENCRYPTED", .encrypted),
        ("Heuristics.Limits.Exceeded.MaxFiles", "CLAMAV_UNCHECKED_LIMIT", .limit),
        ("PUA.Win.Packer.Upx-1", "CLAMAV_PUA_WIN_PACKER_UPX_1", .unwanted),
        ("../\u{202E}--", "VIRUS_UNNAMED", .virus), ("ä", "VIRUS_UNNAMED", .virus),
    ])
    func names(_ signature: String, _ symbol: String, _ kind: Finding.Kind) {
        let finding = Finding(signature)
        #expect(finding.symbol == symbol)
        #expect(finding.kind == kind)
        #expect(finding.signature == signature)
    }

    @Test func longNamesStayTwo() {
        let stem = String(repeating: "Long.", count: 40)
        let (one, two) = (Finding(stem + "1").symbol, Finding(stem + "2").symbol)
        #expect(one != two)
        #expect(one.utf8.count == 64 && two.utf8.count == 64)
    }

    @Test func reportsAreBounded() {
        var report = ScanReport()
        for i in 0..<1000 { report.add("Virus-\(i)") }
        report.add("Virus-1")
        report.add("Heuristics.Limits.Exceeded.MaxFiles")
        report.add("Heuristics.Limits.Exceeded.MaxScanSize")
        report.add("Heuristics.Encrypted.Zip")
        #expect(report.findings.count == ScanReport.most + 2)
        #expect(report.findings.suffix(2).map(\.symbol) == ["CLAMAV_UNCHECKED_LIMIT", "CLAMAV_UNCHECKED_ENCRYPTED"])
    }
}
