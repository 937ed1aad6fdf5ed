import Testing

@testable import DNSClient

@Suite struct WaitsTests {
    let start = ContinuousClock.now

    @Test func endsOnce() {
        var waits = Waits()
        waits.add(1, due: start)
        let ends = [waits.end(1), waits.end(1), waits.end(7)]
        #expect(ends == [true, false, false])
        let expired = waits.expireNext(at: start)
        #expect(expired == nil)
    }

    @Test func expiresInOrderAndNotEarly() {
        var waits = Waits()
        for id in 1...3 as ClosedRange<UInt64> { waits.add(id, due: start + .seconds(Int(id))) }
        let isEnded = waits.end(2)
        let early = waits.expireNext(at: start)
        let first = waits.nextDeadline()
        #expect(isEnded && early == nil && first == start + .seconds(1))
        let one = waits.expireNext(at: start + .seconds(9))
        let again = waits.end(1)
        let last = waits.nextDeadline()
        #expect(one == 1 && !again && last == start + .seconds(3))
        let three = waits.expireNext(at: start + .seconds(9))
        let none = waits.nextDeadline()
        #expect(three == 3 && none == nil)
    }

    @Test func manyComeAndGo() {
        var waits = Waits()
        var expired: [UInt64] = []
        var ended: [UInt64] = []
        for id in 1...10_000 as ClosedRange<UInt64> {
            waits.add(id, due: start + .milliseconds(Int(id)))
            if id % 3 == 0, waits.end(id) { ended.append(id) }
            while let id = waits.expireNext(at: start + .milliseconds(Int(id) - 10)) { expired.append(id) }
        }
        #expect(ended.count == 3333)
        #expect(expired == (1...9990 as ClosedRange<UInt64>).filter { $0 % 3 != 0 })
        let rest = waits.removeAll()
        #expect(rest == [9991, 9992, 9994, 9995, 9997, 9998, 10000])
        #expect(waits.count == 0)
    }
}
