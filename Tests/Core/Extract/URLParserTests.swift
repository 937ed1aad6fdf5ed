import Extract
import GatewayTestKit
import Testing

/// Parsing and serializing by the WHATWG URL standard.
@Suite struct URLParserTests {
    /// One case of `urltestdata.json`.
    private struct Case: Decodable {
        var input: String
        var base: String?
        var href: String?
        var failure: Bool?
    }

    /// Comments stand between the cases, as plain strings.
    private enum Row: Decodable {
        case one(Case)
        case comment

        init(from decoder: any Decoder) throws {
            self = (try? decoder.singleValueContainer().decode(String.self)) == nil ? .one(try Case(from: decoder)) : .comment
        }
    }

    @Test(.enabled(if: DataSet.isThere("url-reputation/whatwg/urltestdata.json"), "no url-reputation in POSTERN_TESTDATA"))
    func publishedCases() throws {
        let rows = try DataSet.json("url-reputation/whatwg/urltestdata.json", as: [Row].self)
        var count = 0
        for case .one(let row) in rows {
            count += 1
            var base: URLRecord?
            if let text = row.base {
                base = URLParser.parse(text)
                if base == nil {
                    #expect(row.failure == true, "base \(text)")
                    continue
                }
            }
            let url = URLParser.parse(row.input, base: base)
            #expect(url?.serialized == row.href, "\(row.input) on \(row.base ?? "nothing")")
            // What was serialized is read as the same.
            if let text = url?.serialized { #expect(URLParser.parse(text)?.serialized == text, "\(text) again") }
        }
        #expect(count > 400)
    }

    /// Which the published cases have for some schemes only.
    @Test(arguments: [
        ("https://a:443/", "https://a/"), ("http://a:80/", "http://a/"), ("ftp://a:21/", "ftp://a/"), ("ws://a:80/", "ws://a/"),
        ("wss://a:443/", "wss://a/"), ("https://a:80/", "https://a:80/"), ("http://a:443/", "http://a:443/"), ("x://a:80/", "x://a:80/"),
    ]) func portsOfSchemes(_ text: String, _ serialized: String) {
        #expect(URLParser.parse(text)?.serialized == serialized)
    }

    /// What is written is read again, though the DNS carries labels of 63 bytes only.
    @Test(arguments: [1, 50, 58, 62]) func longLabels(_ letters: Int) throws {
        for last in ["\u{E1}", "\u{226E}", "\u{4F60}\u{1F600}".prefix(letters < 62 ? 2 : 1).description] {
            let url = try #require(URLParser.parse("http://" + String(repeating: "i", count: letters) + last + "/"))
            #expect(URLParser.parse(url.serialized)?.serialized == url.serialized, "\(url.serialized)")
        }
        #expect(URLParser.parse("http://" + String(repeating: "i", count: 63) + "\u{E1}/") == nil)
    }
}
