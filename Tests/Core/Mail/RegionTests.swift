import GatewayTestKit
import Mail
import Synchronization
import Testing

@Suite struct RegionTests {
    private func bytes(_ region: Region) -> [UInt8] { withExtendedLifetime(region) { Array($0.bytes) } }

    @Test func growsAndSealsWithoutLosingAByte() {
        var builder = RegionBuilder(capacity: 1)
        var expected: [UInt8] = []
        for i in 0..<3000 {
            builder.append(UInt8(truncatingIfNeeded: i))
            expected.append(UInt8(truncatingIfNeeded: i))
            if i % 100 == 0 {
                let piece = [UInt8](repeating: 7, count: i)
                piece.withUnsafeBytes { builder.append($0) }
                expected += piece
            }
        }
        #expect(builder.count == expected.count)
        let region = Region(sealing: builder)
        #expect(region.count == expected.count)
        #expect(bytes(region) == expected)
    }

    @Test func aLyingHintIsBounded() {
        var builder = RegionBuilder(capacity: .max)
        builder.append(1)
        #expect(bytes(Region(sealing: builder)) == [1])
        #expect(Region(sealing: RegionBuilder(capacity: -5)).count == 0)
    }

    @Test(arguments: [1, 1000, 4096, 65_536, 65_537, 300_000])
    func aLargeOneIsAFileAndTakesLittleMemory(piece: Int) throws {
        let spool = ScriptedSpool()
        for total in [RegionBuilder.spoolThreshold, RegionBuilder.spoolThreshold + 1, 1_000_000] {
            let made = spool.made
            do {
                var builder = RegionBuilder(capacity: total, spool: spool)
                let expected = (0..<total).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 4) }
                var most = 0
                expected.withUnsafeBytes { bytes in
                    for start in stride(from: 0, to: total, by: piece) {
                        builder.append(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + piece, total)]))
                        most = max(most, builder.memory)
                    }
                }
                #expect(builder.count == total && most <= RegionBuilder.spoolThreshold)
                if total > 2 * RegionBuilder.spoolThreshold { #expect(builder.memory <= 64 << 10) }
                let region = try builder.seal()
                #expect(bytes(region) == expected)
                #expect((region.file != nil) == (total > RegionBuilder.spoolThreshold) && (region.memory == 0) == (region.file != nil))
            }
            #expect(spool.made - made == (total > RegionBuilder.spoolThreshold ? 1 : 0))
            #expect(spool.open == 0)
        }
    }

    @Test func aSpoolThatIsFullTakesTheMemoryBackToo() {
        let spool = ScriptedSpool(room: 500_000)
        var builder = RegionBuilder(spool: spool)
        let piece = [UInt8](repeating: 7, count: 10_000)
        for _ in 0..<100 { piece.withUnsafeBytes { builder.append($0) } }
        builder.append(1)
        #expect(builder.failure?.kind == .full && builder.memory == 0 && spool.open == 0)
        do throws(StoreFailure) {
            _ = try builder.seal()
            Issue.record("sealed although bytes are missing")
        } catch { #expect(error.kind == .full) }
    }

    @Test func copiesWhateverTheCollection() {
        #expect(bytes(Region(copying: [1, 2, 3] as [UInt8])) == [1, 2, 3])
        #expect(bytes(Region(copying: "abc".utf8)) == Array("abc".utf8))
        #expect(Region(copying: [UInt8]()).count == 0)
    }

    @Test func adoptedMemoryIsReleasedOnceWithTheLastReference() {
        let releases = Atomic<Int>(0)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
        memory.copyBytes(from: [1, 2, 3, 4])
        do {
            nonisolated(unsafe) let owned = memory
            let region = Region(adopting: UnsafeRawBufferPointer(memory)) {
                releases.add(1, ordering: .relaxed)
                owned.deallocate()
            }
            let second = region
            #expect(second.bytes[3] == 4 && releases.load(ordering: .relaxed) == 0)
        }
        #expect(releases.load(ordering: .relaxed) == 1)
    }
}
