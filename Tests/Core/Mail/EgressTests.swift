import Testing

@testable import Mail

/// Which servers a plugin may ask, and what is a URL at all.
struct EgressTests {
    @Test(arguments: [
        ("http://example.com", "http://example.com/"), ("HTTPS://Example.COM.:443/a?b=c", "https://example.com/a?b=c"),
        ("http://example.com:8080?x", "http://example.com:8080/?x"), ("https://[2001:DB8:0::1]:1/", "https://[2001:db8::1]:1/"),
        ("http://127.0.0.1/%20", "http://127.0.0.1/%20"), ("http://a_b.example/", "http://a_b.example/"),
    ]) func `a URL has one spelling`(_ text: String, _ spelling: String) {
        #expect(HTTPURL(text)?.description == spelling)
        #expect(HTTPURL(spelling) == HTTPURL(text))
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com/", "http:/example.com", "http://", "http:///x", "http://user@example.com/",
        "http://example.com:0/", "http://example.com:65536/", "http://example.com:+80/", "http://example.com:/", "http://exa mple.com/",
        "http://example.com/#x", "http://example.com/\r\nHost: x", "http://example.com\\@evil.example/", "http://[::1",
        "http://[127.0.0.1]/",
        "http://::1/", "http://1.2.3/", "http://0x7f.1/", "http://2130706433/", "http://a..b/", "http://.a/", "http://ex%61mple.com/",
        "http://exämple.com/", "https://example.com/" + String(repeating: "a", count: 8192),
        "https://example.com?" + String(repeating: "a", count: 8192 - 20),
    ]) func `this is none`(_ text: String) { #expect(HTTPURL(text) == nil) }

    @Test(arguments: [
        "", "example.com", "ftp://example.com", "https://example.com/path", "https://example.com:x", "https://*.", "https://*.127.0.0.1",
        "https://a.*.example", "{server}", "{/server", "{}", "https://user@example.com",
    ]) func `this is no rule`(_ text: String) { #expect(EgressRule(text) == nil) }

    private func reach(_ rules: [String], _ url: String, _ settings: JSONValue = .object([:])) -> HTTPReach? {
        Egress(rules.map { EgressRule($0)! }, settings: settings).reach(of: HTTPURL(url)!.origin)
    }

    @Test func `only what a rule names`() {
        let rules = ["https://api.example.com", "http://127.0.0.1:*", "https://*.example.net:8443", "http://localhost:9"]
        #expect(reach(rules, "https://api.example.com/x") == .publicAddresses)
        #expect(reach(rules, "https://API.example.com:443/") == .publicAddresses)
        #expect(reach(rules, "http://api.example.com/") == nil)
        #expect(reach(rules, "https://api.example.com:8443/") == nil)
        #expect(reach(rules, "https://xapi.example.com/") == nil)
        #expect(reach(rules, "https://api.example.com.evil.example/") == nil)
        #expect(reach(rules, "http://127.0.0.1:1/") == .anyAddress)
        #expect(reach(rules, "http://127.0.0.2:1/") == nil)
        #expect(reach(rules, "https://a.b.example.net:8443/") == .publicAddresses)
        #expect(reach(rules, "https://example.net:8443/") == nil)
        #expect(reach(rules, "https://aexample.net:8443/") == nil)
        #expect(reach(rules, "http://localhost:9/") == .anyAddress)
        #expect(reach([], "https://api.example.com/") == nil)
        #expect(reach(["https://*"], "https://any.example/") == .publicAddresses)
        #expect(reach(["https://*"], "https://10.0.0.1/") == .publicAddresses)
        #expect(reach(["https://*"], "http://any.example/") == nil)
    }

    @Test func `settings name the operator's own servers`() {
        let settings = JSONValue.object([
            "server": .string("http://llm.internal:8080/v1/chat"),
            "more": .array([.string("https://a.example"), .integer(1), .string("no")]),
            "a/b": .object(["~": .string("http://10.1.2.3/")]),
        ])
        #expect(reach(["{/server}"], "http://llm.internal:8080/other", settings) == .anyAddress)
        #expect(reach(["{/server}"], "http://llm.internal/", settings) == nil)
        #expect(reach(["{/more}"], "https://a.example/", settings) == .anyAddress)
        #expect(reach(["{/more/0}"], "https://a.example/", settings) == .anyAddress)
        #expect(reach(["{/a~1b/~0}"], "http://10.1.2.3/", settings) == .anyAddress)
        #expect(reach(["{/missing}", "{/more/9}", "{/server/x}"], "https://a.example/", settings) == nil)
    }

    @Test(arguments: [
        HTTPHeader("Host", "x"), HTTPHeader("transfer-encoding", "chunked"), HTTPHeader("", "x"), HTTPHeader("a b", "x"),
        HTTPHeader("a:", "x"), HTTPHeader("a", "x\r\nb: c"), HTTPHeader("a", "\u{0}"), HTTPHeader("ä", "x"),
    ]) func `a header field cannot make another`(_ header: HTTPHeader) {
        #expect(HTTPRequest(url: HTTPURL("http://a.example/")!, headers: [header]).objection == .senseless)
    }

    @Test func `requests are bounded`() {
        func objection(_ change: (inout HTTPRequest) -> Void) -> HTTPRequest.Objection? {
            var request = HTTPRequest(method: "POST", url: HTTPURL("http://a.example/")!, headers: [HTTPHeader("a", "b\tc")], body: [1])
            change(&request)
            return request.objection
        }
        #expect(objection { _ in } == nil)
        #expect(objection { $0.method = "CONNECT" } == .senseless)
        #expect(objection { $0.method = "get" } == .senseless)
        #expect(objection { $0.timeout = .zero } == .senseless)
        #expect(objection { $0.timeout = .seconds(121) } == .senseless)
        #expect(objection { $0.mostBytes = 0 } == .senseless)
        #expect(objection { $0.mostBytes = (1 << 20) + 1 } == .senseless)
        #expect(objection { $0.body = [UInt8](repeating: 0, count: (1 << 20) + 1) } == .tooLong)
        #expect(objection { $0.headers = [HTTPHeader](repeating: HTTPHeader("a", "b"), count: 65) } == .tooLong)
        #expect(objection { $0.headers = [HTTPHeader("a", String(repeating: "b", count: 16 << 10))] } == .tooLong)
    }
}
