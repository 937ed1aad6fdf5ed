import Foundation
import PluginTestKit
import Testing

@testable import ClamAV

/// Signatures of file names are asked about every name that a reader could give to a part, wherever libclamav itself finds none.
@Suite(.enabled(if: PluginUnderTest.library("clamav-filter") != nil, "libclamav-filter.so is not beside the tests"))
struct ClamAVNameTests {
    private func instance(_ names: [String], _ more: String = "") throws -> (PluginUnderTest.Instance, ScanFolder) {
        let folder = try ScanFolder()
        try folder.write("db/a.cdb", names.map { "Bad-\($0.filter(\.isLetter)):CL_TYPE_MAIL:*:\($0):*:*:*:*:*:*\n" }.joined())
        let plugin = try PluginUnderTest(PluginUnderTest.library("clamav-filter")!)
        return (try plugin.instance(#"{"database": "\#(folder.database)"\#(more)}"#), folder)
    }

    private let message = Array("From: a@sender.example\r\nSubject: x\r\n\r\nnothing\r\n".utf8)

    /// libclamav matches a name as it would save it: what is no letter, digit or dot is `_`.
    @Test(arguments: [
        ("evil.exe", "^evil\\.exe$"), ("an invoice.pdf.exe", "invoice\\.pdf\\.exe"), ("q\"uo\\te; x=y.exe", "^q_uo_te__x_y\\.exe$"),
        ("zw\u{E9}i\r\nX: y.exe", "y\\.exe$"),
    ])
    func anyNameMatches(_ name: String, _ pattern: String) throws {
        let (instance, folder) = try instance([pattern])
        defer { withExtendedLifetime(folder) {} }
        let bytes = Array("harmless".utf8)
        #expect(instance.scan(message, parts: [ScanPart("1", names: ["a.txt"], bytes)]).symbols == [])
        #expect(instance.scan(message, parts: [ScanPart("1", names: ["a.txt", name], bytes)]).symbols?.count == 1)
        // Of a part whose bytes another has too.
        let parts = [ScanPart("1", names: ["a.txt"], bytes), ScanPart("2", names: ["b.txt", "c.txt", name], bytes)]
        #expect(instance.scan(message, parts: parts).symbols?.count == 1)
    }

    /// Its ends are kept: what is matched mostly is how a name begins, and what kind of file it says to be.
    @Test func aLongName() throws {
        let (instance, folder) = try instance(["^long.*\\.exe$"])
        defer { withExtendedLifetime(folder) {} }
        let name = "long" + String(repeating: "-", count: 5000) + ".exe"
        #expect(instance.scan(message, parts: [ScanPart("1", names: [name], [1])]).symbols?.count == 1)
    }

    @Test func manyNames() throws {
        let (instance, folder) = try instance(["last999\\.exe"])
        defer { withExtendedLifetime(folder) {} }
        let bytes = Array("harmless".utf8)
        func parts(_ count: Int) -> [ScanPart] {
            stride(from: 0, to: count, by: 16).map { start in
                ScanPart("\(start)", names: (start..<min(start + 16, count)).map { "last\($0).exe" }, bytes)
            }
        }
        #expect(instance.scan(message, parts: parts(999)).symbols == [])
        #expect(instance.scan(message, parts: parts(1000)).symbols == ["VIRUS_BAD_LASTEXE"])
        #expect(instance.scan(message, parts: parts(1001)).symbols?.contains("CLAMAV_UNCHECKED_LIMIT") == true)
    }

    /// Fewer files at once than names: no limit is reached by the names themselves.
    @Test func fewFiles() throws {
        let (instance, folder) = try instance(["last9\\.exe"], #", "max_files": 4"#)
        defer { withExtendedLifetime(folder) {} }
        let part = ScanPart("1", names: (0..<10).map { "last\($0).exe" }, Array("harmless".utf8))
        #expect(instance.scan(message, parts: [part]).symbols == ["VIRUS_BAD_LASTEXE"])
    }

    @Test func partsThatAreLeftOutAreTold() throws {
        let (instance, folder) = try instance(["x"], #", "max_scan_time": "100ms""#)
        defer { withExtendedLifetime(folder) {} }
        var bytes = [UInt8](repeating: 0, count: 30_000_000)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* index >> 7) }
        let outcome = instance.scan(message, parts: [ScanPart("1", bytes), ScanPart("2", Array("x".utf8))])
        #expect(outcome.symbols == ["CLAMAV_UNCHECKED_LIMIT"], "\(outcome)")
    }
}
