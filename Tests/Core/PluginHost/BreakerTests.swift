import Mail
import PluginLoader
import Testing

@testable import PluginHost

/// A plugin that fails for different senders rests; one sender alone cannot switch it off.
struct BreakerTests {
    private final class Watched {
        private var breaker = Breaker()
        private func client(_ n: UInt32) -> IPAddress { IPAddress(v4: 0xC000_0200 + n << 8) }
        /// True: a rest begins.
        func fail(_ n: UInt32, at second: Int) -> Bool { breaker.failed(.client(client(n)), at: .seconds(second)) }
        func isRefused(_ n: UInt32, at second: Int) -> Bool { breaker.refusal(for: .client(client(n)), at: .seconds(second)) != nil }
    }

    @Test func oneSenderIsKeptAwayAlone() {
        let breaker = Watched()
        for i in 0..<20 { #expect(!breaker.fail(1, at: i)) }
        #expect(breaker.isRefused(1, at: 21))
        #expect(!breaker.isRefused(2, at: 21))
        // The window goes on.
        #expect(!breaker.isRefused(1, at: 700))
    }

    @Test func aFewFailuresAmongManyRunsBringNone() {
        let breaker = Watched()
        for i in 0..<200 { #expect(!breaker.isRefused(UInt32(100 + i), at: 1)) }
        for i in 0..<9 { #expect(!breaker.fail(UInt32(i), at: 2)) }
        #expect(!breaker.isRefused(200, at: 3))
        #expect(breaker.fail(9, at: 4) || breaker.fail(10, at: 4))
    }

    @Test func aSiteIsOneHoweverManyNetworksItHas() {
        var breaker = Breaker()
        let rests = (0..<20).map { breaker.failed(.client(IPAddress("2001:db8:1:\($0)::1")!), at: .seconds($0)) }
        #expect(!rests.contains(true))
        let refusal = breaker.refusal(for: .client(IPAddress("2001:db8:1:99::1")!), at: .seconds(21))
        #expect(refusal == nil)
    }

    /// A stolen password is used from everywhere.
    @Test func aUserIsOneWhereverHeComesFrom() {
        var session = SessionFacts(
            id: 1, role: .outbound, listener: "test", client: IPAddress("192.0.2.1")!, clientPort: 1, connectedAt: .init(microseconds: 0))
        session.login = "a@example.com"
        func origin(_ n: UInt32, _ login: String?) -> CallOrigin {
            session.client = IPAddress(v4: 0xC000_0200 + n << 8)
            session.login = login
            return CallOrigin(FilterCall(phase: .data, session: session, slotName: "slot"))
        }
        var breaker = Breaker()
        let rests = (0..<20).map { breaker.failed(origin(UInt32($0), "a@example.com"), at: .seconds($0)) }
        #expect(!rests.contains(true))
        let refusals = [(30, "a@example.com"), (1, "b@example.com"), (1, nil)].map {
            breaker.refusal(for: origin($0.0, $0.1), at: .seconds(21))
        }
        #expect(refusals[0]?.hasPrefix("mail of the user a@example.com has made the plugin fail") == true)
        #expect(refusals[1] == nil && refusals[2] == nil)
    }

    /// A host with several mailboxes.
    @Test func usersOfOneNetworkAreOneSite() {
        func origin(_ login: String?, _ client: String) -> CallOrigin {
            guard let login else { return .client(IPAddress(client)!) }
            return .user(login, domain: nil, from: IPAddress(client)!)
        }
        var breaker = Breaker()
        let rests = (0..<20).map { breaker.failed(origin("u\($0)@example.com", "192.0.2.1"), at: .seconds($0)) }
        // Without a login it is the same host, and one of its users elsewhere is the same user.
        let more = [(nil, "192.0.2.9"), ("u1@example.com", "198.51.100.1"), (nil, "203.0.113.1")].map {
            breaker.failed(origin($0.0, $0.1), at: .seconds(21))
        }
        #expect(!rests.contains(true) && !more.contains(true))
        let third = breaker.failed(origin("other@example.com", "203.0.114.1"), at: .seconds(22))
        #expect(third)
        // Where turns are taken, users of one domain are one.
        #expect(origin("a@example.com", "192.0.2.1").site == origin("b@Example.com", "198.51.100.1").site)
        #expect(origin("a@example.com", "192.0.2.1").site != origin("a@example.org", "192.0.2.1").site)
        #expect(
            CallOrigin.user("a", domain: "example.com", from: IPAddress("192.0.2.1")!).site == origin("b@example.com", "192.0.2.1").site)
        #expect(origin("a", "192.0.2.1").site != origin("b", "192.0.2.1").site)
    }

    @Test func severalSendersBringARestThatDoubles() {
        let breaker = Watched()
        var now = 0
        func fail() -> Bool {
            (0..<5).reduce(false) { rests, i in
                now += 1
                return breaker.fail(UInt32(i % 3), at: now) || rests
            }
        }
        #expect(fail())
        #expect(breaker.isRefused(9, at: now + 59))
        now += 61
        #expect(!breaker.isRefused(9, at: now))
        #expect(fail())
        #expect(breaker.isRefused(9, at: now + 119))
        #expect(!breaker.isRefused(9, at: now + 121))
        // Long after it begins small again.
        now += 5000
        #expect(!breaker.isRefused(9, at: now))
        #expect(fail())
        #expect(!breaker.isRefused(9, at: now + 61))
    }
}
