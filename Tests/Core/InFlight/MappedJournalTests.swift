import Foundation
import Mail
import Testing

@testable import InFlight

/// What a journal knows of a process that died.
@Suite struct MappedJournalTests {
    @Test func whatIsOverIsForgotten() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        journal.leave(journal.enter(InFlightFolder.stretch()))
        #expect(journal.watch(InFlightFolder.stretch()) { 7 } == 7)
        let left = try #require(JournalFile.read(folder.journal))
        #expect(left.pid == getpid() && left.found.isEmpty)
    }

    @Test func whatIsOpenCanBeReadAfterwards() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        let edge = CriticalStretch(
            digest: nil, queueID: nil, session: .max, client: IPAddress("2001:db8::7")!, phase: .connect,
            filter: String(repeating: "n", count: 100))
        _ = journal.enter(InFlightFolder.stretch())
        _ = journal.enter(edge)
        let found = try #require(JournalFile.read(folder.journal)).found.map(\.stretch)
        var cut = edge
        cut.filter = String(repeating: "n", count: 64)
        #expect(Set(found) == [InFlightFolder.stretch(), cut])
    }

    @Test func twoCrashesAreAnObjection() throws {
        let folder = try InFlightFolder()
        _ = folder.open().enter(InFlightFolder.stretch())
        var journal = folder.open(after: InFlightFolder.crash)
        #expect(journal.objection(to: InFlightFolder.digest(1)) == nil)
        #expect(folder.said.count == 1 && folder.said[0].isBad)
        for word in [
            "SIGILL", "filter probe at data", "\(QueueID(rawValue: 4711))", "192.0.2.1", "\(InFlightFolder.digest(1))", "once more",
        ] {
            #expect(folder.said[0].text.contains(word), "\(word) in \(folder.said[0].text)")
        }
        _ = journal.enter(InFlightFolder.stretch())
        journal = folder.open(after: InFlightFolder.crash)
        #expect(
            journal.objection(to: InFlightFolder.digest(1)) == "ended the gateway twice, last in filter probe at data: not inspected")
        #expect(journal.objection(to: InFlightFolder.digest(2)) == nil)
        // It lasts over orderly starts, and not for ever.
        #expect(folder.open().objection(to: InFlightFolder.digest(1)) != nil)
        let later = InFlightFolder.now + StrikeList.lifetime
        #expect(folder.open(now: later).objection(to: InFlightFolder.digest(1)) == nil)
    }

    @Test(arguments: [
        nil, ProcessDeath(pid: getpid(), how: "SIGKILL", isCrash: false), ProcessDeath(pid: getpid() + 1, how: "SIGILL", isCrash: true),
    ]) func anyOtherEndIsHeldAgainstNobody(_ death: ProcessDeath?) throws {
        let folder = try InFlightFolder()
        for _ in 0..<3 { _ = folder.open(after: death).enter(InFlightFolder.stretch()) }
        #expect(folder.open(after: death).objection(to: InFlightFolder.digest(1)) == nil)
        #expect(folder.said.count == 1 && !folder.said[0].isBad && folder.said[0].text.contains("under way with"))
        #expect(!FileManager.default.fileExists(atPath: folder.strikes))
    }

    @Test func onlyTheThreadThatDiedIsBlamed() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        let mark = journal.enter(InFlightFolder.stretch(1))
        _ = journal.enter(InFlightFolder.stretch(2))
        // What the signal handler does.
        let file = try #require(FileHandle(forUpdatingAtPath: folder.journal))
        try file.seek(toOffset: 12)
        try file.write(contentsOf: Data([UInt8(JournalFile.marked), 0, 0, 0]))
        try file.seek(toOffset: UInt64(JournalFile.headerSize + Int(mark.slot) * JournalSlot.size))
        try file.write(contentsOf: Data([UInt8(JournalSlot.State.fatal), 0, 0, 0]))
        _ = folder.open(after: InFlightFolder.crash)
        let list = StrikeList.read(folder.strikes, now: InFlightFolder.now)
        #expect(list.strikes.map(\.digest) == [InFlightFolder.digest(1)])
        #expect(folder.said.count == 2)
    }

    /// It died somewhere else: in TLS, in the database, in the reading of commands.
    @Test func aThreadThatWasInNoStretchBlamesNobody() throws {
        let folder = try InFlightFolder()
        _ = folder.open().enter(InFlightFolder.stretch(1))
        let file = try #require(FileHandle(forUpdatingAtPath: folder.journal))
        try file.seek(toOffset: 12)
        try file.write(contentsOf: Data([UInt8(JournalFile.marked), 0, 0, 0]))
        _ = folder.open(after: InFlightFolder.crash)
        #expect(StrikeList.read(folder.strikes, now: InFlightFolder.now).strikes.isEmpty)
    }

    @Test func moreThreadsThanSlotsGoUnnoted() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        let marks = (0..<JournalFile.slots + 5).map { _ in journal.enter(InFlightFolder.stretch()) }
        #expect(marks.count { $0.slot < 0 } == 5)
        #expect(Set(marks.map(\.slot)).count == JournalFile.slots + 1)
        for mark in marks { journal.leave(mark) }
        #expect(journal.enter(InFlightFolder.stretch()).slot >= 0)
    }

    @Test func threadsDoNotMixTheirNotes() throws {
        let folder = try InFlightFolder()
        let journal = folder.open()
        let path = folder.journal
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<2000 {
                let stretch = InFlightFolder.stretch(UInt8(thread), filter: "filter-\(thread)")
                journal.watch(stretch) {
                    let found = JournalFile.read(path)?.found ?? []
                    // Every slot that says it is complete is one thread's whole note; a word in between would be another thread's claim.
                    #expect(found.contains { $0.stretch == stretch })
                }
            }
        }
    }

    @Test func digestsNameTheBytes() throws {
        let journal = try InFlightFolder().open()
        func digest(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { "\(journal.digest(of: $0)!)" } }
        // FIPS 180-2, appendix B.1.
        #expect(digest(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        var large = [UInt8](repeating: 7, count: MappedJournal.mostHashed + 1)
        let before = digest(large)
        large.append(7)
        #expect(digest(large) != before)
        large[large.count - 1] = 8
        #expect(digest(large) != before)
        #expect(digest([]) != digest([0]))
        #expect(MessageDigest(digest([])) == [].withUnsafeBytes { journal.digest(of: $0) })
    }

    @Test func aFolderThatCannotBeWrittenCostsTheJournalOnly() throws {
        let journal = MappedJournal(folder: "/proc/nowhere", death: nil, now: InFlightFolder.now) { text, isBad in
            #expect(isBad && text.contains("/proc/nowhere/inflight.journal"))
        }
        #expect(journal.watch(InFlightFolder.stretch()) { true })
    }
}
