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
