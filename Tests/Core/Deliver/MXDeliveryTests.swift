import DNSClient
import GatewayTestKit
import Mail
import Testing

@testable import Deliver

/// Delivery by MX: the real resolver, a real name server, hosts on addresses of this machine.
@Suite(.enabled(if: NSDServer.isInstalled, "nsd is not installed"), .timeLimit(.minutes(2)))
struct MXDeliveryTests {
    static let zone =
        NSDServer.head(of: "example") + """
            two MX 10 a.example.
            two MX 20 b.example.
            equal MX 10 a.example.
            equal MX 10 b.example.
            dead MX 10 nobody.example.
            dead MX 20 gone.example.
            dead MX 30 b.example.
            alias CNAME two.example.
            implicit A 127.0.0.2
            nothing TXT "no mail here"
            null MX 0 .
            addressless MX 10 gone.example.
            xn--bcher-kva MX 10 b.example.
            ours MX 10 us.example.
            behind MX 10 b.example.
            behind MX 20 us.example.
            six MX 10 six.example.
            six AAAA ::1
            six A 127.0.0.2
            us A 127.0.0.1
            a A 127.0.0.2
            b A 127.0.0.3
            nobody A 127.0.0.9

            """

    private func resolver(_ server: NSDServer) throws -> UnboundResolver {
        var options = UnboundOptions(forward: [server.address])
        options.timeout = .seconds(20)
        return try UnboundResolver(options)
    }

    @Test func allThatADomainMaySay() async throws {
        let server = try NSDServer(zones: ["example": Self.zone])
        defer { server.stop() }
        let port = FreePort.take()
        let a = try await ScriptedNextHop(host: "127.0.0.2", port: port)
        let b = try await ScriptedNextHop(host: "127.0.0.3", port: port)
        let resolver = try resolver(server)
        let delivery = Delivery(resolver: resolver, mxPort: port) { $0.idleTimeout = .zero }
        func expect(_ domain: String, _ word: String, _ nextHop: String? = nil, _ says: String = "") async {
            let report = await delivery.send(mx: domain)
            #expect(report.words == [word], "\(domain): \(report.details)")
            #expect(report.details[0].hasPrefix(says), "\(domain): \(report.details)")
            if let nextHop { #expect(report.nextHop == "\(nextHop):\(port)", "\(domain)") }
        }
        await expect("two.example", "delivered 250", "a.example[127.0.0.2]")
        await expect("TWO.example", "delivered 250", "a.example[127.0.0.2]")
        await expect("alias.example", "delivered 250", "a.example[127.0.0.2]")
        await expect("dead.example", "delivered 250", "b.example[127.0.0.3]")
        await expect("implicit.example", "delivered 250", "implicit.example[127.0.0.2]")
        await expect("six.example", "delivered 250", "six.example[127.0.0.2]")
        await expect("bücher.example", "delivered 250", "b.example[127.0.0.3]")
        await expect("behind.example", "delivered 250", "b.example[127.0.0.3]")
        await expect("[127.0.0.3]", "delivered 250", "127.0.0.3[127.0.0.3]")
        await expect("ours.example", "bounced -", nil, "5.4.6 ")
        await expect("null.example", "bounced -", nil, "5.1.10 ")
        await expect("nothing.example", "bounced -", nil, "5.4.4 host nothing.example has no address")
        await expect("addressless.example", "bounced -", nil, "5.4.4 host gone.example has no address")
        await expect("missing.example", "bounced -", nil, "5.1.2 the domain missing.example does not exist")
        // No zone of the server's: it refuses.
        await expect("d.elsewhere", "deferred - fault", nil, "4.4.3 no MX of d.elsewhere: ")
        let (before, after) = (a.messages.count, b.messages.count)
        for _ in 0..<40 { _ = await delivery.send(mx: "equal.example") }
        #expect(a.messages.count - before >= 5 && b.messages.count - after >= 5)
        #expect(a.messages.count + b.messages.count == before + after + 40)
        resolver.close()
        await a.close()
        await b.close()
    }

    @Test func ourOwnDomainsMayComeToUs() async throws {
        let hop = try await ScriptedNextHop()
        let resolver = MXTable(["ours.example": ["10 us.example"]], ["us.example": ["127.0.0.1"]])
        let delivery = Delivery(resolver: resolver, mxPort: hop.port, ours: ["ours.example"])
        #expect(await delivery.send(mx: "ours.example").words == ["delivered 250"])
        await hop.close()
    }

    /// Neither a zone nor a literal may send us to ourselves.
    @Test(arguments: ["d.example", "[127.0.0.1]", "[IPv6:::1]"]) func noAddressOfThisMachine(_ domain: String) async throws {
        let hop = try await ScriptedNextHop()
        let resolver = MXTable(["d.example": ["10 mx.example"]], ["mx.example": ["127.0.0.1", "::1"]])
        let report = await Delivery(resolver: resolver, mxPort: hop.port, allowsLoopback: false).send(mx: domain)
        #expect(report.words == ["bounced -"])
        #expect(report.details[0].hasPrefix("5.4.4 "), "\(report.details)")
        #expect(hop.sessions == 0)
        await hop.close()
    }

    /// One host that says no for good, one that does not answer the DNS: come again.
    @Test func oneUnansweredHostDefers() async {
        let resolver = MXTable(["d.example": ["10 gone.example", "20 silent.example"]], ["silent.example": []])
        let report = await Delivery(resolver: resolver).send(mx: "d.example")
        #expect(report.words == ["deferred - fault"])
        #expect(report.details == ["no address of host silent.example: silence"])
    }
}

/// MX and addresses from tables; `silent.*` is never answered.
struct MXTable: Mail.Resolver {
    let mx: [String: [String]]
    let addresses: TableResolver

    init(_ mx: [String: [String]], _ addresses: [String: [String]]) {
        self.mx = mx
        self.addresses = TableResolver(addresses)
    }

    func resolve(_ question: DNSQuestion, completion: @escaping @Sendable (DNSAnswer) -> Void) -> any DNSQuery {
        if question.name.hasPrefix("silent.") {
            completion(DNSAnswer(status: .timeout, detail: "silence"))
            return TableResolver.Done()
        }
        guard question.type == .mx else { return addresses.resolve(question, completion: completion) }
        let records = (mx[question.name] ?? []).map(MXHostsTests.record)
        completion(DNSAnswer(status: records.isEmpty ? .nameError : .found, records: records))
        return TableResolver.Done()
    }
}
