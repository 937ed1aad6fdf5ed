import Extract
import Testing

/// Whatever the bytes are: no trap, spans within them, bounded results.
@Suite struct HostileBytesTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) ^ (state << 31)
        }
    }

    private static let pieces: [String] = [
        "<", ">", "</", "/>", "<!--", "-->", "--!>", "<!-->", "<![CDATA[", "]]>", "<?", "&", ";", "&#", "&#x", "&amp", "&notin;", "\"", "'",
        "=", " ", "\n",
        "\r", "\0", "\u{200B}", "\u{FEFF}", "é", "中", "<a href=", "http://", "www.", "a.com", "[.]", "hxxp", "://", "@", "://[", "]", ":80",
        "%41", "%", "\\",
        "<p>", "</p>", "<b>", "</b>", "<font color=white>", "</font>", "<div style='display:none'>", "</div>", "<table>", "<tr>", "<td>",
        "</td>",
        "</table>", "<ul>", "<li>", "</ul>", "<ol>", "<svg>", "</svg>", "<math>", "<title>", "</title>", "<style>", "</style>", "<script>",
        "</script>",
        "<!--[if mso]>", "<![endif]-->", "<base href=http://b.com/>", "<meta http-equiv=refresh content=0;url=x>",
        "<img srcset='a 1x, b 2x'>", "url(", ")",
        "@import", "{", "}", "display:none", "font-size:0", "color:#fff", ".a", "class=a", "<plaintext>", "<textarea>", "<a>", "</a>",
        "<form action=x>",
        "PK\u{3}\u{4}", "%PDF-", "\u{1}", "From: x\n", "> ", " \n", "-- \n", "<input value=x>", "/*", "*/", "!important", "\\75 rl(",
        "xn--", "。", "0x7f.1",
    ]

    @Test(arguments: 0..<8) func pages(_ seed: Int) {
        var random = Generator(state: UInt64(seed) &* 977 &+ 1)
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...400, using: &random) {
            bytes += Self.pieces.randomElement(using: &random)!.utf8
            if Int.random(in: 0..<20, using: &random) == 0 { bytes.append(UInt8.random(in: 0...255, using: &random)) }
        }
        for _ in 0..<12 {
            check(bytes)
            guard !bytes.isEmpty else { break }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.removeLast(Int.random(in: 0...min(10, bytes.count), using: &random))
            case 2:
                bytes.insert(
                    contentsOf: Self.pieces.randomElement(using: &random)!.utf8, at: Int.random(in: 0...bytes.count, using: &random))
            default:
                let at = Int.random(in: 0..<bytes.count, using: &random)
                bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...20, using: &random)))
            }
        }
    }

    private func check(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { input in
            let page = HTMLPage(input)
            #expect(page.visible.count + page.hidden.count <= 4 * input.count + 64)
            for link in page.links {
                #expect(link.span.upperBound <= input.count)
                #expect((link.anchor?.upperBound ?? 0) <= page.visible.count)
            }
            var collector = URLCollector()
            collector.add(page: page, html: input, at: .init(part: 0, region: 0, offset: 0))
            collector.add(text: input, at: .init(part: 0, region: 0, offset: 0))
            collector.add(text: input, at: .init(part: 0, region: 0, offset: 0), isHeader: true)
            for url in collector.urls {
                #expect(url.span.range.upperBound <= input.count)
                // What was serialized is a URL, and serializes alike.
                if !url.canonical.isEmpty { #expect(URLParser.parse(url.canonical)?.serialized == url.canonical, "\(url.raw)") }
            }
            _ = DetectedType.of(input)
            _ = HTMLCharset.label(input, declared: "")
            #expect(FlowedText.unfolded(input, deletingSpaces: true).count <= 2 * input.count + 1)
        }
    }

    /// What is quadratic in a careless reader: fifty kilobytes each, and it ends.
    @Test(arguments: [
        "<", "<!", "<!--", "<a ", "<a b='", "</a>", "<b>", "<p><i>", "<div>", "<font><div></font>", "&", "&CounterClockwiseContour",
        "<table>", "<td>", "<ol><li>",
        "<a href=x>", "<style>", "<script><!--", "<svg><![CDATA[", "http://", "www.", "a.a.a.a.", "<http://a\n", "a@", "[.]", "hxxp[:]//",
        "(", "http://a.com/(", "<bdo dir=rtl>x", "<style>b ~ b{display:none}</style><b>", "<iframe srcdoc='<b>x'></iframe>",
        "<p onclick=x>", "<a href=x><bdo dir=rtl>y", "<bdo dir=rtl><a href=x>y</a>", "<nobr><b>", "<table><b><td>", "<h1><form>",
        "中.", "url(", "<!--[if mso]>", "\u{200B}", "http://a,http:", "http://a,b", "a.com中", "<p style='", "> \n", "MZ", "PK\u{3}\u{4}",
        "%PDF", "{", "x\u{301}",
    ]) func repeated(_ piece: String) {
        let bytes = Array(String(repeating: piece, count: 50_000 / piece.utf8.count).utf8)
        bytes.withUnsafeBytes { input in
            var collector = URLCollector()
            collector.add(page: HTMLPage(input), html: input, at: .init(part: 0, region: 0, offset: 0))
            collector.add(text: input, at: .init(part: 0, region: 0, offset: 0))
            #expect(collector.urls.count <= URLCollector.mostURLs)
            _ = DetectedType.of(input)
            _ = FlowedText.unfolded(input, deletingSpaces: false)
        }
    }
}
