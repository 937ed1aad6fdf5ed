import GatewayTestKit
import Mail
import NIOCore
import NIOPosix
import Testing

@testable import Deliver

/// Messages over real sockets to a next hop that behaves.
@Suite struct DeliveryTests {
    @Test func bytesArriveAsTheyAre() async throws {
        let hop = try await ScriptedNextHop()
        let delivery = Delivery()
        for body in [
            "Subject: x\r\n\r\nhello\r\n", "Subject: x\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n\r\n.\r\n", ".\r\n", "", "\r\n", "no end",
            "ends in CR\r", "ends in LF\n",
        ] {
            let report = await delivery.send(body, headers: "X-Added: 1\r\n", via: hop.hop())
            #expect(report.words == ["delivered 250"])
            #expect(report.nextHop == "127.0.0.1[127.0.0.1]:\(hop.port)")
            let end = body.isEmpty || body.hasSuffix("\r\n") ? "" : "\r\n"
            // Scalars, since CR LF is one Character.
            let expected = Array(("X-Added: 1\r\n" + body + (Array(body.utf8.suffix(2)) == [13, 10] ? "" : end)).utf8)
            #expect(hop.messages.last?.bytes == expected, "\(body.debugDescription)")
            #expect(hop.messages.last?.commands.contains("MAIL FROM:<s@s.example> SIZE=\(expected.count)") == true)
        }
        await hop.close()
    }

    @Test func oneWriteForTheEnvelopeAndOneForTheMessage() async throws {
        let hop = try await ScriptedNextHop()
        _ = await Delivery().send(to: ["a@d.example", "b@d.example"], via: hop.hop())
        #expect(
            hop.reads == [
                "EHLO us.example\r\n",
                "MAIL FROM:<s@s.example> SIZE=21\r\nRCPT TO:<a@d.example>\r\nRCPT TO:<b@d.example>\r\nDATA\r\n",
                "Subject: x\r\n\r\nhello\r\n.\r\n",
            ])
        await hop.close()
    }

    @Test func connectionIsReusedUpToItsLimit() async throws {
        let hop = try await ScriptedNextHop()
        let delivery = Delivery()
        for _ in 0..<NextHopConnection.mostMessages { #expect(await delivery.send(via: hop.hop()).words == ["delivered 250"]) }
        #expect(hop.sessions == 1)
        #expect(await delivery.send(via: hop.hop()).words == ["delivered 250"])
        #expect(hop.sessions == 2)
        #expect(await eventually { hop.commands.contains("QUIT") && delivery.client.openConnections == 1 })
        await hop.close()
    }

    @Test func idleConnectionSaysQUIT() async throws {
        let hop = try await ScriptedNextHop()
        let delivery = Delivery { $0.idleTimeout = .milliseconds(50) }
        _ = await delivery.send(via: hop.hop())
        #expect(await eventually { hop.commands.last == "QUIT" && delivery.client.openConnections == 0 })
        await hop.close()
    }

    @Test func manyAtOnceShareConnections() async throws {
        let hop = try await ScriptedNextHop()
        let delivery = Delivery()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<25 {
                        let report = await delivery.send("\(worker)/\(number)\r\n", via: hop.hop())
                        #expect(report.words == ["delivered 250"])
                    }
                }
            }
        }
        #expect(Set(hop.messages.map(\.bytes)).count == 200)
        #expect(hop.messages.count == 200)
        // Never more than run at a time, and those that reached their limit.
        #expect(hop.sessions <= 16)
        await hop.close()
    }

    @Test(arguments: [ScriptedNextHop.Step.close, .replyThenClose("421 4.4.2 idle too long")])
    func deadIdleConnectionIsReplacedOnce(_ step: ScriptedNextHop.Step) async throws {
        let hop = try await ScriptedNextHop { session, moment in
            // The first session dies at its second MAIL; messages in it are counted by the address.
            if session == 1, case .command(let line) = moment, line.contains("second") { return step }
            return nil
        }
        let delivery = Delivery()
        #expect(await delivery.send(via: hop.hop()).words == ["delivered 250"])
        let job = DeliveryJob(
            queueID: QueueID(rawValue: 2), reversePath: .address(EmailAddress(localPart: "second", domain: "s.example")), is8BitMIME: false,
            isSMTPUTF8: false, recipients: [JobRecipient(index: 0, address: EmailAddress(localPart: "r", domain: "d.example"))],
            addedHeaders: "",
            region: Region(copying: Array("x\r\n".utf8)), route: .nextHops([hop.hop()]))
        let report = await withCheckedContinuation { done in delivery.client.deliver(job) { done.resume(returning: $0) } }
        #expect(report.words == ["delivered 250"])
        #expect(hop.sessions == 2)
        await hop.close()
    }

    @Test func largeMessageGoesInPieces() async throws {
        let hop = try await ScriptedNextHop()
        var body: [UInt8] = []
        for number in 0..<60_000 {
            body += "\(number % 7 == 0 ? "." : "")line \(number) of a message that is too large for one write\r\n".utf8
        }
        #expect(body.count > 3 << 20)
        let report = await Delivery().send(Region(copying: body), via: [hop.hop()])
        #expect(report.words == ["delivered 250"])
        #expect(hop.messages.first?.bytes == body)
        await hop.close()
    }

    @Test func nextHopsByPreferenceThenByTurns() async throws {
        let (a, b, c) = try await (ScriptedNextHop(), ScriptedNextHop(), ScriptedNextHop())
        let delivery = Delivery()
        for _ in 0..<4 {
            _ = await delivery.send(via: a.hop(preference: 20), b.hop(preference: 10), c.hop(preference: 10))
        }
        #expect([a, b, c].map(\.messages.count) == [0, 2, 2])
        await b.close()
        await c.close()
        let other = Delivery()
        let report = await other.send(via: a.hop(preference: 20), b.hop(preference: 10), c.hop(preference: 10))
        #expect(report.words == ["delivered 250"])
        #expect(report.nextHop.hasSuffix(":\(a.port)"))
        await a.close()
    }

    @Test func onlyThoseWithoutAnOutcomeGoToTheNextHop() async throws {
        let first = try await ScriptedNextHop { _, moment in
            switch moment {
            case .command("RCPT TO:<b@d.example>"): .reply("550 5.1.1 no such user")
            case .endOfData: .replyThenClose("421 4.3.0 going down")
            default: nil
            }
        }
        let second = try await ScriptedNextHop()
        let report = await Delivery().send(
            to: ["a@d.example", "b@d.example", "c@d.example"], via: first.hop(preference: 1), second.hop(preference: 2))
        #expect(report.words == ["delivered 250", "bounced 550", "delivered 250"])
        #expect(second.commands.filter { $0.hasPrefix("RCPT") } == ["RCPT TO:<a@d.example>", "RCPT TO:<c@d.example>"])
        await first.close()
        await second.close()
    }

    @Test func hostNames() async throws {
        let hop = try await ScriptedNextHop()
        let resolver = TableResolver(["mx.example": ["::1", "127.0.0.2", "127.0.0.1"], "empty.example": []])
        let delivery = Delivery(resolver: resolver)
        // Nobody listens on ::1 and 127.0.0.2: each address is tried.
        let report = await delivery.send(via: hop.hop(host: "mx.example"))
        #expect(report.words == ["delivered 250"])
        #expect(report.nextHop == "mx.example[127.0.0.1]:\(hop.port)")
        #expect(await delivery.send(via: hop.hop(host: "localhost")).words == ["delivered 250"])
        for host in ["empty.example", "unknown.example"] {
            let failed = await delivery.send(via: hop.hop(host: host))
            #expect(failed.words == ["deferred - fault"])
            #expect(failed.details == ["host \(host) has no address"])
        }
        await hop.close()
    }

    @Test func addressesOfBothFamiliesByTurns() async {
        let resolver = TableResolver(["mx.example": ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"]])
        let addresses = await withCheckedContinuation { done in
            HostAddresses.find("mx.example", resolver: resolver) { done.resume(returning: try? $0.get()) }
        }
        #expect(addresses?.map(\.description) == ["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"])
    }

    @Test func shutdownLetsFinishAndSaysQUIT() async throws {
        let hop = try await ScriptedNextHop()
        let delivery = Delivery()
        _ = await delivery.send(via: hop.hop())
        await delivery.client.shutdown(within: .seconds(5))
        #expect(await eventually { hop.commands.last == "QUIT" && delivery.client.openConnections == 0 })
        #expect(await delivery.send(via: hop.hop()).details == ["shutting down"])
        await hop.close()
    }

    @Test func shutdownCutsOffWhatStalls() async throws {
        let hop = try await ScriptedNextHop { _, moment in moment == .endOfData ? .stall : nil }
        let delivery = Delivery()
        async let report = delivery.send(via: hop.hop())
        #expect(await eventually { hop.messages.count == 1 })
        await delivery.client.shutdown(within: .milliseconds(50))
        #expect(await report.words == ["deferred -"])
        #expect(await report.details[0].hasPrefix("shutting down"))
        await hop.close()
    }
}
