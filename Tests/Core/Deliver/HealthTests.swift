import GatewayTestKit
import Glibc
import Mail
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Deliver

/// What is remembered of servers, and what comes of it.
@Suite struct HealthTests {
    private static func server(_ last: Int) -> ServerAddress { .ip(IPAddress(v4: 0xC000_0200 + UInt32(last)), port: 25) }

    private final class Clock: Sendable {
        let seconds = Mutex<Int64>(1000)
        func health() -> ServerHealth { ServerHealth { Timestamp(seconds: self.seconds.withLock { $0 }) } }
        func pass(_ passed: Int64) { seconds.withLock { $0 += passed } }
    }

    @Test func downTimeDoublesAndSuccessClearsIt() {
        let clock = Clock()
        let health = clock.health()
        let server = Self.server(1)
        for wait: Int64 in [30, 60, 120, 240, 480, 600, 600] {
            health.failed(server)
            // More at the same time count as one.
            health.failed(server)
            clock.pass(wait - 1)
            #expect(health.isDown(server), "after \(wait)")
            clock.pass(1)
            #expect(!health.isDown(server), "after \(wait)")
        }
        health.worked(server)
        health.failed(server)
        clock.pass(30)
        #expect(!health.isDown(server))
        #expect(!health.isDown(Self.server(2)))
    }

    @Test func theLeastBadIsProbed() {
        let clock = Clock()
        let health = clock.health()
        let servers = (1...3).map(Self.server)
        for server in servers { health.failed(server) }
        clock.pass(31)
        health.failed(servers[0])
        health.failed(servers[1])
        #expect(health.best(of: servers) == 2)
        #expect(health.best(of: []) == nil)
    }

    @Test func aFamilyWithoutARouteComesLastAndIsNotDown() {
        let clock = Clock()
        let health = clock.health()
        let six = { (last: UInt64) in ServerAddress.ip(IPAddress(high: 0x2001_0DB8 << 32, low: last), port: 25) }
        let socket = ServerAddress.socket(path: "/run/lmtp")
        let mixed = [six(1), Self.server(1), six(2), socket, Self.server(2)]
        let last = [Self.server(1), socket, Self.server(2), six(1), six(2)]
        #expect(health.ordered(mixed) == mixed)
        health.noRoute(to: six(1))
        #expect(health.ordered(mixed) == last)
        #expect(mixed.allSatisfy { !health.isDown($0) })
        // Any connection over it shows that it has one.
        health.hasRoute(to: six(9))
        #expect(health.ordered(mixed) == mixed)
        health.noRoute(to: six(1))
        clock.pass(59)
        #expect(health.ordered(mixed) == last)
        clock.pass(1)
        #expect(health.ordered(mixed) == mixed)
    }

    /// A next hop in a network without a route (the tests have none but loopback) says nothing of others of its family.
    @Test func anUnroutedServerLeavesTheOthersAsTheyAre() async throws {
        let good = try await ScriptedNextHop()
        let delivery = Delivery { $0.idleTimeout = .zero }
        let away = await delivery.send(via: NextHop(host: "192.0.2.1", port: 25, tls: .never))
        #expect(away.details == ["connect to 192.0.2.1[192.0.2.1]:25: no route to it"])
        let gone = NextHop(host: "127.0.0.1", port: 9, preference: 1, tls: .never)
        #expect(await delivery.send(via: gone, good.hop(preference: 2)).words == ["delivered 250"])
        await good.close()
    }

    /// What this gateway itself lacks is no server's fault: none is down for it, and the report says that none was tried.
    @Test(arguments: [
        (EMFILE, "no file descriptor"), (ENFILE, "no file descriptor"), (ENOBUFS, "no memory"), (ENOMEM, "no memory"),
        (EADDRNOTAVAIL, "no port left"),
    ])
    func ourOwnLackIsNoServersFault(_ row: (errno: CInt, says: String)) async throws {
        let servers = try await [ScriptedNextHop](count: 2) { _, _ in nil }
        let isLacking = Mutex(true)
        let delivery = Delivery {
            $0.idleTimeout = .zero
        } connect: { bootstrap, address in
            guard isLacking.withLock({ $0 }) else { return bootstrap.connect(to: address) }
            return MultiThreadedEventLoopGroup.singleton.next().makeFailedFuture(IOError(errnoCode: row.errno, reason: "connect"))
        }
        let hops = servers.enumerated().map { $1.hop(preference: $0) }
        let send = { await delivery.send(Region(copying: Array("x\r\n".utf8)), via: hops) }
        let report = await send()
        #expect(report.words == ["deferred - fault"] && report.isUntried && !report.isServed)
        #expect(report.details[0].contains(": this gateway has \(row.says)"), "\(report.details)")
        isLacking.withLock { $0 = false }
        let later = await send()
        #expect(later.words == ["delivered 250"] && !later.isUntried)
        #expect(servers.map(\.sessions) == [1, 0], "the first is not down")
        #expect(await eventually { delivery.client.openConnections == 0 })
        for server in servers { await server.close() }
    }

    @Test func aServerThatRefusesWasTried() async {
        let report = await Delivery().send(via: NextHop(host: "127.0.0.1", port: 9, tls: .never))
        #expect(report.words == ["deferred - fault"] && !report.isUntried)
    }

    @Test func memoryIsBounded() {
        let health = Clock().health()
        for last in 0..<50_000 { health.failed(.ip(IPAddress(v4: UInt32(last)), port: 25)) }
        #expect((0..<50_000).filter { health.isDown(.ip(IPAddress(v4: UInt32($0)), port: 25)) }.count <= ServerHealth.capacity)
    }

    /// The first message finds it dead; the others do not wait for it.
    @Test func aDeadServerIsTriedLast() async throws {
        let dead = try await ScriptedNextHop { _, moment in moment == .connected ? .close : nil }
        let good = try await ScriptedNextHop()
        let delivery = Delivery { $0.idleTimeout = .zero }
        for _ in 0..<5 {
            let report = await delivery.send(via: dead.hop(preference: 1), good.hop(preference: 2))
            #expect(report.words == ["delivered 250"])
        }
        #expect(dead.sessions == 1 && good.messages.count == 5)
        await dead.close()
        await good.close()
    }

    /// When all are down each attempt asks one, and a success counts at once.
    @Test func oneProbeWhenAllAreDown() async throws {
        let isUp = Mutex(false)
        let servers = try await [ScriptedNextHop](count: 3) { _, moment in
            isUp.withLock { $0 } || moment != .connected ? nil : .replyThenClose("421 4.3.2 down")
        }
        let delivery = Delivery { $0.idleTimeout = .zero }
        let hops = servers.map { $0.hop() }
        let send = { await delivery.send(Region(copying: Array("x\r\n".utf8)), via: hops) }
        #expect(await send().words == ["deferred 421 fault"])
        #expect(servers.map(\.sessions) == [1, 1, 1])
        for _ in 0..<3 { #expect(await send().words == ["deferred 421 fault"]) }
        #expect(servers.map(\.sessions).reduce(0, +) == 6)
        isUp.withLock { $0 = true }
        for _ in 0..<3 { #expect(await send().words == ["delivered 250"]) }
        #expect(servers.map(\.sessions).reduce(0, +) == 9)
        for server in servers { await server.close() }
    }

    /// A handshake that failed is not tried again for a while where clear text is allowed, and again where it is not.
    @Test func brokenTLSIsRemembered() async throws {
        let hop = try await ScriptedNextHop { _, moment in
            switch moment.verb {
            case "EHLO": .reply("250-hop\r\n250 STARTTLS")
            case "STARTTLS": .brokenTLS("220 go")
            default: nil
            }
        }
        let delivery = Delivery { $0.idleTimeout = .zero }
        for _ in 0..<3 { #expect(await delivery.send(via: hop.hop(tls: .opportunistic)).words == ["delivered 250"]) }
        #expect(hop.sessions == 4)
        #expect(hop.commands.filter { $0 == "STARTTLS" }.count == 1)
        #expect(await delivery.send(via: hop.hop(tls: .require)).words == ["deferred - fault"])
        #expect(hop.commands.filter { $0 == "STARTTLS" }.count == 2)
        await hop.close()
    }
}

extension [ScriptedNextHop] {
    init(count: Int, script: @escaping @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step?) async throws {
        self = []
        for _ in 0..<count { append(try await ScriptedNextHop(script: script)) }
    }
}
