import GatewayTestKit
import Mail
import Synchronization
import Testing

@testable import DNSClient

/// Against a real nsd, and against sockets that misbehave. Everything on 127.0.0.1.
@Suite(.enabled(if: NSDServer.isInstalled, "nsd is not installed"), .timeLimit(.minutes(2)))
struct UnboundResolverTests {
    static func zone(_ origin: String) -> String {
        var text = NSDServer.head(of: origin)
        text +=
            "@ MX 10 mx\n@ TXT \"v=spf1 -all\" \"second\"\nmx A 192.0.2.25\nmx AAAA 2001:db8::25\nwww CNAME mx\ndangling CNAME nothing\n"
        text += "_25._tcp.mx TLSA 3 1 1 00ff\nw\\.x A 192.0.2.77\nUPPER A 192.0.2.78\n"
        for i in 0..<1000 { text += "h\(i) A 10.1.\(i / 256).\(i % 256)\n" }
        return text
    }

    static func resolver(_ server: NSDServer, _ change: (inout UnboundOptions) -> Void = { _ in }) throws -> UnboundResolver {
        var options = UnboundOptions(forward: [server.address])
        change(&options)
        return try UnboundResolver(options)
    }

    @Test func foundNoDataAndNXDOMAIN() async throws {
        let server = try NSDServer(zones: ["plain.example": Self.zone("plain.example")])
        let dns = try Self.resolver(server)
        let mx = await dns.ask("plain.example", .mx)
        #expect(mx.status == .found)
        #expect(mx.data(.mx) == [.mx(preference: 10, exchange: try WireName("mx.plain.example"))])
        #expect(mx.ttl > 0 && mx.ttl <= 300)
        #expect(mx.security == .indeterminate)
        #expect(await dns.ask("mx.plain.example.", .aaaa).data(.aaaa) == [.address(IPAddress("2001:db8::25")!)])
        #expect(await dns.ask("plain.example", .txt).data(.txt) == [.txt([Array("v=spf1 -all".utf8), Array("second".utf8)])])
        #expect(await dns.ask("_25._tcp.mx.plain.example", .tlsa).records == [[3, 1, 1, 0, 0xFF]])
        #expect(await dns.ask("UPper.plain.EXAMPLE", .a).records == [[192, 0, 2, 78]])
        #expect(await dns.ask(#"w\.x.plain.example"#, .a).records == [[192, 0, 2, 77]])
        #expect(await dns.ask("mx.plain.example", .txt).status == .noData)
        #expect(await dns.ask("nobody.plain.example", .a).status == .nameError)
        let www = await dns.ask("www.plain.example", .a)
        #expect(www.records == [[192, 0, 2, 25]])
        #expect(www.canonicalName == "mx.plain.example")
        #expect(await dns.ask("dangling.plain.example", .a).status == .nameError)
        // nsd refuses what it has no zone for.
        #expect(await dns.ask("other.example.org", .a).status == .failed)
    }

    @Test func secureInsecureAndBogus() async throws {
        let signed = try ZoneSigner.sign("signed.example", Self.zone("signed.example"))
        let tampered = try ZoneSigner.sign("tampered.example", Self.zone("tampered.example"))
        let changed = tampered.text.replacing("192.0.2.25", with: "192.0.2.66")
        #expect(changed != tampered.text)
        let server = try NSDServer(zones: [
            "signed.example": signed.text, "tampered.example": changed, "plain.example": Self.zone("plain.example"),
        ])
        let dns = try Self.resolver(server) { $0.trustAnchors = [signed.trustAnchor, tampered.trustAnchor] }
        let mx = await dns.ask("signed.example", .mx)
        #expect(mx.status == .found)
        #expect(mx.security == .secure)
        #expect(await dns.ask("_25._tcp.mx.signed.example", .tlsa).security == .secure)
        let nothing = await dns.ask("nobody.signed.example", .a)
        #expect(nothing.status == .nameError)
        #expect(nothing.security == .secure)
        let none = await dns.ask("mx.signed.example", .txt)
        #expect(none.status == .noData)
        #expect(none.security == .secure)
        let bad = await dns.ask("mx.tampered.example", .a)
        #expect(bad.status == .failed)
        #expect(bad.security == .bogus)
        #expect(bad.records.isEmpty)
        #expect(bad.detail.contains("bogus"))
        #expect(await dns.ask("tampered.example", .mx).security == .secure)
        let plain = await dns.ask("plain.example", .mx)
        #expect(plain.status == .found)
        #expect(plain.security == .insecure)
    }

    @Test func thousandQuestionsTogether() async throws {
        let server = try NSDServer(zones: ["plain.example": Self.zone("plain.example")])
        let dns = try Self.resolver(server)
        let wrong = await withTaskGroup(of: String?.self) { group in
            for i in 0..<1000 {
                group.addTask {
                    let answer = await dns.ask("h\(i).plain.example", .a)
                    return answer.records == [[10, 1, UInt8(i / 256), UInt8(i % 256)]] ? nil : "h\(i): \(answer)"
                }
            }
            return await group.reduce(into: [String]()) { if let text = $1 { $0.append(text) } }
        }
        #expect(wrong == [])
    }

    @Test func timesOutAndSharesEqualQuestions() async throws {
        let silent = UDPResponder { _ in nil }
        defer { silent.close() }
        var options = UnboundOptions(forward: [silent.address])
        options.timeout = .milliseconds(300)
        let dns = try UnboundResolver(options)
        let answers = await withTaskGroup(of: DNSAnswer.self) { group in
            for _ in 0..<100 { group.addTask { await dns.ask("same.example", .a) } }
            return await group.reduce(into: [DNSAnswer]()) { $0.append($1) }
        }
        #expect(answers.count == 100)
        #expect(answers.allSatisfy { $0.status == .timeout })
        // One question and its retries, not a hundred.
        #expect((1...10).contains(silent.questions), "\(silent.questions)")
    }

    @Test func servfailIsFailed() async throws {
        let broken = UDPResponder { query in
            var reply = query
            reply[2] |= 0x80
            reply[3] = 0x82
            return reply
        }
        defer { broken.close() }
        let answer = await (try UnboundResolver(UnboundOptions(forward: [broken.address]))).ask("x.example", .a)
        #expect(answer.status == .failed)
        #expect(answer.detail == "SERVFAIL")
    }

    @Test func garbageIsNoAnswer() async throws {
        let broken = UDPResponder { query in Array(query.prefix(2)) + [UInt8](repeating: 0xFF, count: 700) }
        defer { broken.close() }
        var options = UnboundOptions(forward: [broken.address])
        options.timeout = .milliseconds(500)
        let answer = await (try UnboundResolver(options)).ask("x.example", .a)
        #expect(answer.status == .timeout || answer.status == .failed)
    }

    @Test func boundedInFlight() async throws {
        let silent = UDPResponder { _ in nil }
        defer { silent.close() }
        var options = UnboundOptions(forward: [silent.address])
        options.timeout = .milliseconds(200)
        options.questions = 10
        let dns = try UnboundResolver(options)
        func round(_ name: String) async -> [DNSAnswer] {
            await withTaskGroup(of: DNSAnswer.self) { group in
                for i in 0..<30 { group.addTask { await dns.ask("\(name)\(i).example", .a) } }
                return await group.reduce(into: [DNSAnswer]()) { $0.append($1) }
            }
        }
        let first = await round("a")
        #expect(first.filter { $0.status == .timeout }.count == 10)
        #expect(first.filter { $0.status == .failed && $0.detail.contains("in flight") }.count == 20)
        // Nobody waits for the ten any more, but libunbound still works on them.
        #expect(await round("b").allSatisfy { $0.detail.contains("in flight") })
    }

    @Test func cancelAndClose() async throws {
        let silent = UDPResponder { _ in nil }
        defer { silent.close() }
        let dns = try UnboundResolver(UnboundOptions(forward: [silent.address]))
        let freed = Mutex(0)
        let cancelled = await withCheckedContinuation { continuation in
            let query = dns.resolve(DNSQuestion("a.example", .a), freed: { freed.withLock { $0 += 1 } }) {
                continuation.resume(returning: $0)
            }
            query.cancel()
            query.cancel()
        }
        #expect(cancelled.status == .cancelled)
        // libunbound goes on, and its place is taken.
        #expect(freed.withLock { $0 } == 0)
        async let open = (0..<20).concurrently { await dns.ask("open\($0).example", .a).status }
        while silent.questions < 2 { await Task.yield() }
        dns.close()
        dns.close()
        // Those who came before hear `.cancelled`, those after are refused; nobody is forgotten.
        #expect(await open.allSatisfy { $0 == .cancelled || $0 == .failed })
        #expect(freed.withLock { $0 } == 1)
        _ = dns.resolve(DNSQuestion("b.example", .a), freed: { freed.withLock { $0 += 1 } }) { _ in }
        _ = dns.resolve(DNSQuestion("b..example", .a), freed: { freed.withLock { $0 += 1 } }) { _ in }
        #expect(freed.withLock { $0 } == 3)
        let late = await dns.ask("late.example", .a)
        #expect(late.status == .failed)
        #expect(late.detail == "the resolver is closed")
    }

    @Test func hostileNamesAreRefused() async throws {
        let silent = UDPResponder { _ in nil }
        defer { silent.close() }
        let dns = try UnboundResolver(UnboundOptions(forward: [silent.address]))
        for name in ["a..b", ".a", #"a\"#, #"\999"#, String(repeating: "x", count: 64), String(repeating: "a.", count: 200)] {
            let answer = await dns.ask(name, .txt)
            #expect(answer.status == .failed)
            #expect(answer.detail.hasPrefix("not a domain name"))
        }
        #expect(silent.questions == 0)
    }

    @Test func bytesOfAnyKindGoOutAsTheyAre() async throws {
        let seen = Mutex<[UInt8]>([])
        let broken = UDPResponder { query in
            seen.withLock { $0 = query }
            var reply = query
            reply[2] |= 0x80
            reply[3] = 0x83
            return reply
        }
        defer { broken.close() }
        let dns = try UnboundResolver(UnboundOptions(forward: [broken.address]))
        let wire: [UInt8] = [10, 0, 1, 0x2E, 0x5C, 0x20, 0x22, 0x28, 0x40, 0x80, 0xFF, 2, 0x0A, 0x3B, 0]
        let answer = await dns.ask(#"\000\001\.\\ "(@\128\255.\010;"#, .a)
        #expect(answer.status == .nameError)
        let sent = seen.withLock { Array($0) }
        #expect(sent.dropFirst(12).starts(with: wire))
    }

    static let mistakes: [(@Sendable (inout UnboundOptions) -> Void, String)] = [
        ({ $0.forward = ["dns.example"] }, "dns.example"), ({ $0.forward = ["127.0.0.1:99999"] }, "127.0.0.1:99999"),
        ({ $0.forward = ["[::1"] }, "[::1"), ({ $0.trustAnchorFiles = ["/nonexistent/root.key"] }, "/nonexistent/root.key"),
        ({ $0.trustAnchors = ["garbage"] }, "garbage"),
    ]

    @Test func mistakesInOptionsAreNamed() {
        for (change, reason) in Self.mistakes {
            var options = UnboundOptions()
            change(&options)
            do throws(ResolverSetupError) {
                _ = try UnboundResolver(options)
                Issue.record("taken: \(options)")
            } catch { #expect(error.text.contains(reason), "\(error.text)") }
        }
    }

    @Test func forwardersInEveryForm() {
        #expect(UnboundOptions.forwarder("127.0.0.1") == "127.0.0.1@53")
        #expect(UnboundOptions.forwarder("127.0.0.1:5353") == "127.0.0.1@5353")
        #expect(UnboundOptions.forwarder("::1") == "::1@53")
        #expect(UnboundOptions.forwarder("[::1]:54") == "::1@54")
        #expect(UnboundOptions.forwarder("[::1]x") == nil)
        #expect(UnboundOptions.forwarder("127.0.0.1:") == nil)
        #expect(UnboundOptions.forwarder("") == nil)
    }
}

extension Range<Int> {
    /// All results of a question asked together.
    fileprivate func concurrently<T: Sendable>(_ work: @escaping @Sendable (Int) async -> T) async -> [T] {
        await withTaskGroup(of: T.self) { group in
            for i in self { group.addTask { await work(i) } }
            return await group.reduce(into: [T]()) { $0.append($1) }
        }
    }
}
