import Foundation
import Mail
import Testing

@testable import InFlight

/// The files are read as anybody may have left them.
@Suite struct HostileFilesTests {
    @Test func everyCutOfAJournalIsRead() throws {
        let folder = try InFlightFolder()
        _ = folder.open().enter(InFlightFolder.stretch())
        let whole = [UInt8](try Data(contentsOf: URL(filePath: folder.journal)))
        #expect(JournalFile.parse(whole)?.found.count == 1)
        for length in stride(from: 0, to: whole.count, by: 61) { #expect(JournalFile.parse(Array(whole[..<length])) == nil) }
        #expect(JournalFile.parse(whole + [0]) == nil)
    }

    @Test func anyByteMayBeWrong() throws {
        let folder = try InFlightFolder()
        _ = folder.open().enter(InFlightFolder.stretch())
        let whole = [UInt8](try Data(contentsOf: URL(filePath: folder.journal)))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<4 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: .min ... .max, using: &random) }
            for found in JournalFile.parse(bytes)?.found ?? [] {
                #expect(found.stretch.filter.utf8.allSatisfy { (0x21...0x7E).contains($0) } && found.stretch.filter.utf8.count <= 64)
                #expect(!found.description.contains("\n"))
            }
        }
        for _ in 0..<300 {
            var bytes = (0..<JournalFile.size).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            bytes.replaceSubrange(0..<8, with: whole[..<8])
            for at in stride(from: JournalFile.headerSize, to: bytes.count, by: JournalSlot.size) {
                bytes.replaceSubrange(at..<at + 4, with: [2, 0, 0, 0])
                bytes[at + 80] &= 7
                bytes[at + 81] %= 12
                bytes[at + 82] %= 70
            }
            _ = JournalFile.parse(bytes)?.found.map(\.description)
        }
    }

    @Test func aHalfWrittenSlotSaysNothing() throws {
        let folder = try InFlightFolder()
        let mark = folder.open().enter(InFlightFolder.stretch())
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: folder.journal)))
        bytes[JournalFile.headerSize + Int(mark.slot) * JournalSlot.size] = UInt8(JournalSlot.State.writing)
        #expect(JournalFile.parse(bytes)?.found.isEmpty == true)
    }

    @Test func linksAndFoldersAreNotFollowed() throws {
        let folder = try InFlightFolder()
        let elsewhere = folder.path + "/elsewhere"
        try "precious".write(toFile: elsewhere, atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: folder.journal, withDestinationPath: elsewhere)
        try FileManager.default.createDirectory(atPath: folder.strikes, withIntermediateDirectories: false)
        let journal = folder.open(after: InFlightFolder.crash)
        #expect(journal.watch(InFlightFolder.stretch()) { true })
        #expect(try String(contentsOfFile: elsewhere, encoding: .utf8) == "precious")
        _ = journal.enter(InFlightFolder.stretch())
        _ = folder.open(after: InFlightFolder.crash)
        #expect(folder.said.contains { $0.text.contains("cannot keep the strikes") })
    }

    @Test func strikesThatAreNoneArePassedOver() {
        let digest = "\(InFlightFolder.digest(0xAB))"
        let time = InFlightFolder.now.microseconds
        let text = """
            \(digest) \(time) data probe
            \(digest) \(time) data -
            \(digest) \(time) dinner probe
            \(digest) x data probe
            \(digest.dropLast()) \(time) data probe
            \(digest.uppercased()) \(time) data probe
            \(digest) \(time) data
            \(digest) \(time) data a b
            \(digest) \(time) data \(String(repeating: "n", count: 65))
            \(digest) -5 data probe
            \(digest) \(Int64.max) data probe
            \u{0}\u{1B}[2J
            """
        let list = StrikeList(text, now: InFlightFolder.now)
        #expect(list.strikes.map(\.filter) == ["probe", ""])
        #expect(
            list.objections[InFlightFolder.digest(0xAB)] == "ended the gateway twice, last in the gateway's own reading: not inspected")
        #expect(StrikeList(list.strikes.map(\.text).joined(separator: "\n"), now: InFlightFolder.now) == list)
    }

    @Test func onlyTheNewestStrikesAreKept() {
        var list = StrikeList("", now: InFlightFolder.now)
        for n in 0..<(StrikeList.longest + 10) {
            let digest = MessageDigest(words: (UInt64(n), 0, 0, 0))
            list.add(.init(digest: digest, time: InFlightFolder.now, phase: .data, filter: "f"))
        }
        #expect(list.strikes.count == StrikeList.longest && list.strikes[0].digest.words.0 == 10)
    }
}
