import Mail
import Testing

@testable import Inspect

struct ClientCountsTests {
    private let one = IPAddress("192.0.2.1")!
    private let start = Timestamp(seconds: 1_800_000_000)

    @Test func countsSlideOut() {
        let counts = ClientCounts(window: .seconds(60))
        for _ in 1...10 { counts.add(one, at: start) }
        #expect(counts.count(one, at: start + .seconds(59)) == 10)
        #expect(counts.count(one, at: start + .seconds(90)) == 5)
        #expect(counts.count(one, at: start + .seconds(121)) == 0)
        #expect(counts.count(IPAddress("192.0.2.2")!, at: start) == 0)
    }

    @Test func aNetworkOfOneIPv6CustomerIsOneClient() {
        let counts = ClientCounts(window: .seconds(60))
        counts.add(IPAddress("2001:db8::1")!, at: start)
        #expect(counts.add(IPAddress("2001:db8::2:3")!, at: start) == 2)
        #expect(counts.add(IPAddress("2001:db8:0:1::1")!, at: start) == 1)
    }

    @Test func theTableIsBoundedAndAClockSetBackIsSurvived() {
        let counts = ClientCounts(window: .seconds(60), most: 100)
        for n in 0..<10_000 { counts.add(IPAddress(v4: UInt32(n)), at: start) }
        #expect((0..<10_000).filter { counts.count(IPAddress(v4: UInt32($0)), at: start) > 0 }.count == 100)
        #expect(counts.add(one, at: start + .seconds(-1000)) == 1)
    }
}
