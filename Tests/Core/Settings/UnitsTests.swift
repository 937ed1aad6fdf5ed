import Testing

@testable import Settings

@Suite struct UnitsTests {
    @Test func durations() {
        let rows: [(String, Duration?)] = [
            ("5m", .seconds(300)), ("15d", .seconds(15 * 86_400)), ("4h", .seconds(14_400)), ("90s", .seconds(90)),
            ("250ms", .milliseconds(250)),
            ("1.5h", .seconds(5400)), ("0s", .zero), ("2w", .seconds(14 * 86_400)), ("5", nil), ("m", nil), ("", nil), ("-5m", nil),
            ("5M", nil),
            ("1e9s", nil), ("999999999999999d", nil), (".5s", nil), ("5.s", nil), ("٣s", nil), ("1.2.3s", nil),
        ]
        for (text, wanted) in rows { #expect(Units.duration(text) == wanted, "\(text)") }
    }

    @Test func sizes() {
        let rows: [(String, Int?)] = [
            ("512", 512), ("64KiB", 65_536), ("150MB", 150 << 20), ("2GB", 2 << 30), ("1.5k", 1536), ("1 GiB", 1 << 30), ("1T", 1 << 40),
            ("0", 0), ("0.5", nil), ("1.1b", nil), ("MB", nil), ("-1MB", nil), ("99999999999TB", nil), ("5 apples", nil), ("0x10", nil),
        ]
        for (text, wanted) in rows { #expect(Units.bytes(text) == wanted, "\(text)") }
    }

    @Test func nearestWords() {
        let known = ["filters", "thresholds", "deliver_to", "domain"]
        #expect(Spelling.nearest(to: "filtres", in: known) == "filters")
        #expect(Spelling.nearest(to: "deliver-to", in: known) == "deliver_to")
        #expect(Spelling.nearest(to: "Domain", in: known) == "domain")
        #expect(Spelling.nearest(to: "zebra", in: known) == nil)
        #expect(Spelling.nearest(to: String(repeating: "x", count: 100_000), in: known) == nil)
    }

    @Test func hostNames() {
        #expect(HostName.parse("Mail.Example.COM.") == "mail.example.com")
        for text in ["", ".", "a..b", "-a.b", "a-.b", "1.2.3.4", "a b", "ex.1", String(repeating: "a", count: 64), "münchen.de"] {
            #expect(HostName.parse(text) == nil, "\(text)")
        }
        #expect(HostName.parse("localhost") == "localhost" && HostName.parse("localhost", isQualified: true) == nil)
        #expect(HostName.endpoint("[::1]:53", defaultPort: 1)?.description == "[::1]:53")
        #expect(HostName.endpoint("127.0.0.1", defaultPort: 53)?.description == "127.0.0.1:53")
        for text in ["127.0.0.1:0", "127.0.0.1:x", "a:53", "[::1]", "::1:53:", "127.0.0.1:99999"] {
            #expect(HostName.endpoint(text, defaultPort: 53) == nil, "\(text)")
        }
    }
}
