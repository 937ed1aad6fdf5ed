import Mail
import Testing

@Suite struct RecipientSetTests {
    @Test func words() {
        let set = RecipientSet([0, 63, 64, 130])
        #expect(set.words == [UInt64(1) << 63 | 1, 1, 4])
        #expect(set.indices(below: 1000) == [0, 63, 64, 130] && set.indices(below: 64) == [0, 63] && set.indices(below: 0) == [])
        #expect(RecipientSet.all.indices(below: 3) == [0, 1, 2] && RecipientSet.none.indices(below: 3) == [])
        for i in 0..<300 { #expect(set.contains(i) == [0, 63, 64, 130].contains(i)) }
        #expect(RecipientSet(words: set.words!) == set)
    }

    @Test func equalSetsAreEqualHoweverTheyWereMade() {
        #expect(RecipientSet(words: [UInt64(1), 0, 0]) == RecipientSet([0]))
        #expect(RecipientSet([0, 200]).intersection(RecipientSet([0, 100])) == RecipientSet([0]))
        #expect(RecipientSet(words: [UInt64(0)]) == .none)
        #expect(RecipientSet([3, 1]) == RecipientSet([1, 3, 3]))
        #expect(RecipientSet([0]).hashValue == RecipientSet(words: [UInt64(1), 0]).hashValue)
    }

    @Test func allAndNone() {
        var all = RecipientSet.all
        all.insert(5)
        #expect(all == .all && all.contains(1_000_000) && !all.isEmpty && all.words == nil)
        #expect(RecipientSet.none.isEmpty && !RecipientSet.none.contains(0))
        #expect(RecipientSet(words: [UInt64(0), 0]).isEmpty && !RecipientSet([64]).isEmpty)
        let some = RecipientSet([1, 70])
        #expect(some.intersection(.all) == some && RecipientSet.all.intersection(some) == some)
        #expect(some.intersection(.none) == .none && RecipientSet.all.intersection(.all) == .all)
        #expect(some.intersection(RecipientSet([70, 71])) == RecipientSet([70]))
    }
}
