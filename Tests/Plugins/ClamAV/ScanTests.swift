import Foundation
import PluginTestKit
import Testing

/// The built library through the ABI, with databases made here.
@Suite(.enabled(if: PluginUnderTest.library("clamav-filter") != nil, "libclamav-filter.so is not beside the tests"))
struct ScanTests {
    private func load() throws -> PluginUnderTest { try PluginUnderTest(PluginUnderTest.library("clamav-filter")!) }

    private func settings(_ folder: ScanFolder, _ more: String = "") -> String {
        #"{"database": "\#(folder.database)", "check": "100ms"\#(more.isEmpty ? "" : ", " + more)}"#
    }

    @Test(arguments: [
        ("a.hdb", ScanFolder.byMD5, "Eicar-MD5.UNOFFICIAL"), ("a.hsb", ScanFolder.bySHA256, "Eicar-SHA256.UNOFFICIAL"),
        ("a.ndb", ScanFolder.byBytes, "Eicar-Bytes.UNOFFICIAL"),
    ])
    func eicarInAnAttachment(_ file: String, _ signature: String, _ name: String) throws {
        let folder = try ScanFolder()
        try folder.write("db/" + file, signature)
        let instance = try load().instance(settings(folder))
        #expect(instance.scan(ScanFolder.infected).details == [name])
        #expect(instance.scan(ScanFolder.clean).symbols == [])
        // As a part of the body, and twice: what is clean is remembered, what is infected never.
        #expect(instance.scan(ScanFolder.infected).details == [name])
    }

    /// Two files with one MD5, the clean one first: what was clean is not known again by its MD5.
    @Test func aCollisionHidesNothing() throws {
        let folder = try ScanFolder()
        let (clean, bad) = MD5Collision.pair
        try folder.write("db/a.ndb", "Bad-Collision:0:*:" + bad[16..<48].map { String(format: "%02x", $0) }.joined() + "\n")
        let instance = try load().instance(settings(folder))
        for _ in 0..<2 {
            #expect(instance.scan(ScanFolder.message(attaching: clean)).symbols == [])
            #expect(instance.scan(ScanFolder.message(attaching: bad)).symbols == ["VIRUS_BAD_COLLISION"])
        }
    }

    /// libclamav knows mail by its first header field. One that it does not know must not hide what is inside.
    @Test(arguments: ["X: 1", "Sender-Of: a", "Ünknown: 1", " folded", "MZ: 1", "%PDF-1.5: 1", "BZh9: 1", "Content-Foo: a\r\n b"])
    func aFirstFieldThatNobodyKnows(_ first: String) throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        let instance = try load().instance(settings(folder))
        let message = ScanFolder.message(attaching: Array(ScanFolder.eicar.utf8), first: first)
        #expect(instance.scan(message).symbols == ["VIRUS_EICAR_MD5"])
    }

    /// Debian's clamav-testfiles: archives, packers, documents, each with the same file inside.
    private static let samples = "/usr/share/clamav-testfiles"

    @Test(.enabled(if: FileManager.default.fileExists(atPath: samples), "Debian's package clamav-testfiles is not installed"))
    func everyTestFileIsFound() throws {
        let samples = Self.samples
        let names = try FileManager.default.contentsOfDirectory(atPath: samples).sorted()
        #expect(names.count >= 40)
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.testFile)
        let instance = try load().instance(settings(folder))
        var missed: [String] = []
        for name in names {
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: samples + "/" + name)))
            let outcome = instance.scan(ScanFolder.message(attaching: bytes, name: name))
            if outcome.symbols?.contains("VIRUS_CLAMAV_TEST_FILE") != true { missed.append(name) }
        }
        // The library that opens RAR is not free, and no part of Debian's main archive.
        #expect(missed.filter { !$0.contains("rar") }.isEmpty)
    }

    @Test func ownSignaturesBesideTheDatabase() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.testFile)
        try FileManager.default.createDirectory(atPath: folder.path + "/own", withIntermediateDirectories: true)
        let plugin = try load()
        let instance = try plugin.instance(settings(folder, #""signatures": "\#(folder.path)/own""#))
        #expect(instance.scan(ScanFolder.infected).symbols == [])
        try folder.write("own/mine.ndb", ScanFolder.byBytes)
        #expect(plugin.hasLogged("is loaded again"))
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_BYTES"])
    }

    @Test(arguments: [("none", [[UInt32]]()), ("quarantine", [[3, 0]]), ("reject", [[1, 554]])])
    func actions(_ action: String, _ proposals: [[UInt32]]) throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        let instance = try load().instance(settings(folder, #""action": "\#(action)""#))
        guard case .verdict(let found) = instance.scan(ScanFolder.infected) else {
            Issue.record("no verdict")
            return
        }
        #expect(found.symbols.map(\.name) == ["VIRUS_EICAR_MD5"])
        #expect(found.proposals == proposals)
        guard case .verdict(let none) = instance.scan(ScanFolder.clean) else {
            Issue.record("no verdict")
            return
        }
        #expect(none.proposals.isEmpty)
    }

    // MARK: Limits

    @Test func moreThanALimitIsToldAndNeverClean() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.testFile)
        let plugin = try load()
        let big = ScanFolder.message(attaching: [UInt8](repeating: 65, count: 200_000))
        for limit in [#""max_file_size": 50000"#, #""max_scan_size": 50000"#, #""max_files": 1"#, #""max_depth": 1"#] {
            let outcome = try plugin.instance(settings(folder, limit)).scan(big)
            #expect(outcome.symbols == ["CLAMAV_UNCHECKED_LIMIT"], "\(limit): \(outcome)")
        }
        #expect(try plugin.instance(settings(folder)).scan(big).symbols == [])
    }

    /// Many times what any machine can hash and decode in a tenth of a second.
    @Test func timeThatIsOverIsTold() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.ndb", ScanFolder.byBytes)
        let plugin = try load()
        var bytes = [UInt8](repeating: 0, count: 30_000_000)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* index >> 7) }
        let message = ScanFolder.message(attaching: bytes)
        #expect(try plugin.instance(settings(folder, #""max_scan_time": "100ms""#)).scan(message).symbols == ["CLAMAV_UNCHECKED_LIMIT"])
    }

    @Test func anEncryptedArchiveIsTold() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.testFile)
        let plugin = try load()
        let message = ScanFolder.message(attaching: EncryptedZip.bytes, name: "a.zip")
        #expect(try plugin.instance(settings(folder)).scan(message).symbols == ["CLAMAV_UNCHECKED_ENCRYPTED"])
        #expect(try plugin.instance(settings(folder, #""encrypted": false"#)).scan(message).symbols == [])
    }

    @Test func aCancelledScanIsNoVerdictAndIsForgotten() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        let instance = try load().instance(settings(folder))
        // Loaded, so that it is the scan that is given up.
        #expect(instance.scan(ScanFolder.clean).symbols == [])
        for message in [ScanFolder.infected, ScanFolder.clean] {
            #expect(instance.scan(message, isCancelled: true).failure == "the scan was given up")
        }
        #expect(instance.scan(ScanFolder.infected).symbols == ["VIRUS_EICAR_MD5"])
        #expect(instance.scan(ScanFolder.clean).symbols == [])
    }

    @Test func anEmptyMessageIsClean() throws {
        let folder = try ScanFolder()
        try folder.write("db/a.hdb", ScanFolder.byMD5)
        let instance = try load().instance(settings(folder))
        #expect(instance.scan([]).symbols == [])
        #expect(instance.scan(Array("\r\n".utf8)).symbols == [])
    }
}
