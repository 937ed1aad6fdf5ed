import Foundation
import Mail
import Testing

@testable import DNSClient

@Suite struct ScriptedResolverTests {
    static let text = #"""
        {"example.com": {"TXT": ["v=spf1 -all", ["a", "b"]], "MX": [[10, "mx.example.com"], [20, "b.example"]], "A": ["192.0.2.1"],
                         "AAAA": ["2001:db8::1"], "NS": ["ns.example"]},
         "1.2.0.192.in-addr.arpa": {"PTR": "host.example"},
         "_25._tcp.mx.example.com": {"TLSA": [[3, 1, 1, "00ffAB"]], "secure": true},
         "WWW.example.com": {"CNAME": "example.com"}, "loop.example": {"CNAME": ["loop.example"]}, "dangling.example": {"CNAME": "x.example"},
         "slow.example": "timeout", "broken.example": "servfail", "gone.example": "nxdomain"}
        """#

    @Test func answersByType() async throws {
        let dns = try ScriptedResolver(text: Self.text)
        let mx = await dns.ask("Example.COM.", .mx)
        #expect(mx.status == .found)
        #expect(mx.data(.mx).first == .mx(preference: 10, exchange: try WireName("mx.example.com")))
        #expect(await dns.ask("example.com", .txt).data(.txt) == [.txt("v=spf1 -all"), .txt([[97], [98]])])
        #expect(await dns.ask("1.2.0.192.in-addr.arpa", .ptr).data(.ptr) == [.name(try WireName("host.example"))])
        #expect(await dns.ask("example.com", .tlsa).status == .noData)
        #expect(await dns.ask("nobody.example", .a).status == .nameError)
        let tlsa = await dns.ask("_25._tcp.mx.example.com", .tlsa)
        #expect(tlsa.security == .secure)
        #expect(tlsa.records == [[3, 1, 1, 0, 0xFF, 0xAB]])
    }

    @Test func followsAliases() async throws {
        let dns = try ScriptedResolver(text: Self.text)
        let www = await dns.ask("www.example.com", .a)
        #expect(www.records == [[192, 0, 2, 1]])
        #expect(www.canonicalName == "example.com")
        #expect(await dns.ask("www.example.com", .cname).data(.cname) == [.name(try WireName("example.com"))])
        #expect(await dns.ask("dangling.example", .a).status == .nameError)
        let loop = await dns.ask("loop.example", .a)
        #expect(loop.status == .failed)
        #expect(loop.detail.contains("CNAME"))
    }

    @Test func failures() async throws {
        let dns = try ScriptedResolver(text: Self.text)
        #expect(await dns.ask("slow.example", .a).status == .timeout)
        #expect(await dns.ask("broken.example", .a).status == .failed)
        #expect(await dns.ask("gone.example", .a).status == .nameError)
        #expect(await dns.ask("a..b", .a).detail.contains("empty label"))
    }

    @Test func cancelledOnce() async throws {
        let dns = try ScriptedResolver(text: Self.text, timeoutDelay: .seconds(3600))
        let answer = await withCheckedContinuation { continuation in
            let query = dns.resolve(DNSQuestion("slow.example", .a)) { continuation.resume(returning: $0) }
            query.cancel()
            query.cancel()
        }
        #expect(answer.status == .cancelled)
    }

    static let mistakes: [(String, String)] = [
        ("[]", "object of names"), (#"{"a": 1}"#, #""a": expected"#), (#"{"a": "slow"}"#, #""a": expected"#),
        (#"{"a": {"A": ["1.2.3"]}}"#, #""a" A[0]: expected an IPv4"#), (#"{"a": {"AAAA": ["1.2.3.4"]}}"#, "IPv6"),
        (#"{"a": {"MX": [[10, "x"], [1]]}}"#, #""a" MX[1]: expected [preference"#), (#"{"a": {"MX": [70000, "x"]}}"#, "MX[0]"),
        (#"{"a": {"TLSA": [[3,1,1,"xyz"]]}}"#, "TLSA[0]"), (#"{"a": {"SRV": []}}"#, "known are A, AAAA"),
        (#"{"a..b": "timeout"}"#, "empty label"),
        (#"{"a": "timeout", "A": "timeout"}"#, "twice"), (#"{"a": {"CNAME": "b", "A": "1.2.3.4"}}"#, "alone"),
        (#"{"a": {"secure": 1}}"#, "true or false"), ("{\n  \"a\": x}", "line 2"),
    ]

    @Test(arguments: mistakes) func saysWhereTheMistakeIs(_ text: String, _ reason: String) {
        do throws(ResolverSetupError) {
            _ = try ScriptedZone(text: text)
            Issue.record("taken: \(text)")
        } catch { #expect(error.text.contains(reason), "\(error.text)") }
    }

    @Test func filesAreNamed() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("zone-\(UUID().uuidString).json").path
        do throws(ResolverSetupError) { _ = try ScriptedResolver(file: file) } catch { #expect(error.text.hasPrefix(file)) }
        #expect(throws: ResolverSetupError.self) { try ScriptedResolver(file: file) }
        try Self.text.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(try ScriptedResolver(file: file).zone[WireName("EXAMPLE.com")] != nil)
    }
}
