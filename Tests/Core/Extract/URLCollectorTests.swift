import Extract
import Mail
import Testing

/// Addresses of text, pages and headers.
@Suite struct URLCollectorTests {
    private func inText(_ text: String, isHeader: Bool = false) -> [ContentURL] {
        var collector = URLCollector()
        Array(text.utf8).withUnsafeBytes { collector.add(text: $0, at: .init(part: 1, region: 0, offset: 100), isHeader: isHeader) }
        return collector.urls
    }

    private func inPage(_ html: String) -> [ContentURL] {
        var collector = URLCollector()
        Array(html.utf8).withUnsafeBytes { collector.add(page: HTMLPage($0), html: $0, at: .init(part: 2, region: 1, offset: 10)) }
        return collector.urls
    }

    @Test(arguments: [
        ("see http://a.com/x.", "http://a.com/x"), ("(https://a.com/b_(c))", "https://a.com/b_(c)"), ("<http://a.com>", "http://a.com/"),
        ("\"http://a.com\",", "http://a.com/"), ("www.foo.invalid!", "http://www.foo.invalid/"), ("a.com/x", "http://a.com/x"),
        ("A.CoM:8080/x?y#z", "http://a.com:8080/x?y#z"), ("http://a.com/1,2", "http://a.com/1,2"),
        ("<http://a.com/b\r\n c>", "http://a.com/bc"),
        ("http://a.com?x", "http://a.com/?x"), ("http://user@a.com/", "http://user@a.com/"),
        ("ftp://a.com/f;type=a", "ftp://a.com/f;type=a"),
        ("http:\\\\a.com\\b", "http://a.com/b"), ("http://a.com/%41%2f%7E", "http://a.com/A%2F~"), ("http://%61.com", "http://a.com/"),
        ("http://münchen.de/", "http://xn--mnchen-3ya.de/"), ("xn--mnchen-3ya.de", "http://xn--mnchen-3ya.de/"),
        ("пример.рф/x", "http://xn--e1afmkfd.xn--p1ai/x"), ("请访问a.com谢谢", "http://a.com/"), ("http://a.com/x。", "http://a.com/x"),
        ("http://a.com\u{A0}x", "http://a.com/"), ("“http://a.com”", "http://a.com/"), ("xhttp://a.com", "http://a.com/"),
        ("hxxp://a[.]com/x", "http://a.com/x"), ("hXXps[:]//a(.)b{.}com", "https://a.b.com/"), ("http[://]a[dot]com", "http://a.com/"),
        ("meow://a.com", "http://a.com/"), ("h**p://a.com", "http://a.com/"), ("a[.]com", "http://a.com/"),
        ("a(dot)com/x", "http://a.com/x"),
        ("http://3232235777/", "http://192.168.1.1/"), ("http://0x7f.1", "http://127.0.0.1/"), ("http://[::1]:80/x", "http://[::1]/x"),
        ("mailto:joe@a.com", "mailto:joe@a.com"), ("[x](http://a.com/y)", "http://a.com/y"), ("http://a.com/[x]", "http://a.com/[x]"),
        ("<URL:http://a.com/b\n  c>", "http://a.com/bc"), ("http://a.com/?u=http://b.com/", "http://a.com/?u=http://b.com/"),
    ]) func found(_ text: String, _ canonical: String) throws {
        let url = try #require(inText(text).first)
        #expect(url.canonical == canonical)
        #expect(inText(text).count == 1)
        let written = Array(text.utf8)[(url.span.range.lowerBound - 100)..<(url.span.range.upperBound - 100)]
        #expect(url.raw == String(decoding: written, as: UTF8.self))
    }

    @Test(arguments: [
        "joe@a.com", "joe@mail.a.com, x", "http://", "https:// x", "a.b", "1.2.3.4", "e.g. this", "version 1.2", "/usr/lib/a.so", "...",
        "a..com", ".com",
        "readme.zzz", "http:", "www.", "www", "@a.com", "a.com@b.com", "[.]", "x[.]y", "://a", "x[.].comпример.рф",
    ]) func notFound(_ text: String) {
        #expect(inText(text) == [])
    }

    @Test func severalInOneLine() {
        #expect(inText("http://a.com,http://b.com;https://c.com|x www.d.com").map(\.host) == ["a.com", "b.com", "c.com", "www.d.com"])
        #expect(inText("请访问a.com或b.com谢谢").map(\.host) == ["a.com", "b.com"])
        #expect(inText("a.com a[.]com http://a.com").map(\.source) == [.name, .defanged, .text])
    }

    @Test func headers() {
        let urls = inText("<mailto:off@a.com?subject=x>,\r\n <https://a.com/off?\r\n u=1>", isHeader: true)
        #expect(urls.map(\.canonical) == ["mailto:off@a.com?subject=x", "https://a.com/off?u=1"])
        #expect(urls.allSatisfy { $0.source == .header })
    }

    @Test(arguments: [
        ("http://u:p@a.com/", URLFlags.userInfo), ("http://1.2.3.4/", URLFlags.address),
        ("http://0x1020304/", URLFlags.address.union(.hiddenAddress)),
        ("http://[::1]/", URLFlags.address), ("http://a.com/%41", URLFlags.encoded), ("http://%61.com/", URLFlags.encoded),
        ("http://bücher.de/", URLFlags.idn), ("http://a.com\\b", URLFlags.disguised), ("http://a.com/%2Fx", URLFlags()),
    ]) func flags(_ text: String, _ flags: URLFlags) {
        #expect(inText(text).first?.flags == flags)
    }

    @Test func longOnesAreCut() {
        let urls = inText("http://a.com/" + String(repeating: "x", count: 5000) + " b.com")
        #expect(urls.map(\.host) == ["a.com", "b.com"])
        #expect(urls[0].raw.utf8.count == 2048)
        #expect(urls[0].flags == .truncated)
    }

    @Test func mostAreKept() {
        var collector = URLCollector()
        Array(String(repeating: "a.com ", count: 20_000).utf8).withUnsafeBytes {
            collector.add(text: $0, at: .init(part: 0, region: 0, offset: 0))
        }
        #expect(collector.urls.count == URLCollector.mostURLs)
        #expect(collector.isLimited)
    }

    @Test(arguments: [
        ("<a href=http://a.com/x>t</a>", ContentURL.Source.link), ("<area href='http://a.com/x'>", .link),
        ("<form action=\"http://a.com/x\">", .link),
        ("<button formaction=http://a.com/x>", .link), ("<img src = http://a.com/x>", .fetch), ("<img srcset='http://a.com/x 2x'>", .fetch),
        ("<body background=http://a.com/x>", .fetch), ("<td style='background:url(http://a.com/x)'>", .fetch),
        ("<td style='background:url(&quot;http://a.com/x&quot;)'>", .fetch), ("<style>a{b:URL( 'http://a.com/x' )}</style>", .fetch),
        ("<style>@import \"http://a.com/x\";</style>", .fetch), ("<style>@import url(http://a.com/x);</style>", .fetch),
        ("<style>a{b:url(http\\3a //a.com/x)}</style>", .fetch), ("<video poster=http://a.com/x>", .fetch),
        ("<object data=http://a.com/x>", .fetch),
        ("<blockquote cite=http://a.com/x>", .link), ("<img longdesc=http://a.com/x>", .link), ("<img usemap=http://a.com/x>", .link),
        ("<head profile=http://a.com/x>", .fetch), ("<applet codebase=http://a.com/x>", .fetch),
        ("<applet archive=http://a.com/x>", .fetch),
        ("<a ping=http://a.com/x>", .fetch), ("<svg><a xlink:href=http://a.com/x>", .link),
        ("<svg><image xlink:href=http://a.com/x>", .fetch),
        ("<html manifest=http://a.com/x>", .fetch), ("<menuitem icon=http://a.com/x>", .fetch), ("<img dynsrc=http://a.com/x>", .fetch),
        ("<img lowsrc=http://a.com/x>", .fetch), ("<link rel=stylesheet href=http://a.com/x>", .fetch),
        ("<script src=http://a.com/x></script>", .fetch),
        ("<iframe src=http://a.com/x></iframe>", .fetch), ("<meta http-equiv=refresh content='0; URL=http://a.com/x'>", .refresh),
        ("<meta http-equiv=refresh content=\"1;url='http://a.com/x'\">", .refresh),
        ("<!--[if mso]><v:fill src='http://a.com/x'/><![endif]-->", .fetch),
        ("<!--[if gte mso 9]><v:rect href='http://a.com/x'><v:imagedata/><![endif]-->", .link),
        ("<script>location='http://a.com/x'</script>", .text),
        ("<p>http://a.com/x</p>", .text), ("<p>a.com/x</p>", .name), ("<a href='&#104;ttp://a.com/x'>t</a>", .link),
        ("<svg><a><set attributeName=href to=http://a.com/x /></a></svg>", .link),
        ("<svg><a><animate attributeName='xlink:href' values=' http://a.com/x ; #y'/></a></svg>", .link),
        ("<svg><a><animate ATTRIBUTENAME=href from=#x by='http://a.com/x'></a></svg>", .link),
        ("<svg><set attributeName=fill to=red /></svg>http://a.com/x", .text),
        ("<a href=' ht\ntp://a.com/x '>t</a>", .link), ("<a href=//a.com/x>t</a>", .link), ("<a href=a.com/x>t</a>", .link),
    ]) func inPages(_ html: String, _ source: ContentURL.Source) {
        let urls = inPage(html)
        #expect(urls.map(\.canonical) == ["http://a.com/x"])
        #expect(urls.first?.source == source)
    }

    /// What a browser fetches for a sheet, however it is written.
    @Test(arguments: [
        "a{b:u\\72l(http://a.com/x)}", "a{b:ur\\6c(http://a.com/x)}", "a{b:\\000055RL(http://a.com/x)}",
        "a{b:u\\72\r\nl( 'http://a.com/x')}",
        "@import/**/\"http://a.com/x\";", "@import /*)*/ /**/ 'http://a.com/x';", "@im\\70ort \"http://a.com/x\";",
        "a{b:image-set(\"http://a.com/x\" 1x)}", "a{b:-webkit-image-set('http://a.com/x' 1x)}",
        "a{b:im\\61ge-set(/*)*/\"data:,\" 1x, url(data:,) 2x type('b.com/y'), url('data:,'),\"http://a.com/x\" 3x)}",
        "a{b:url(\"http://a.\\\r\ncom/x\")}", "a{content:\"url('\";b:url(http://a.com/x)}", "/*url(*/a{b:url(http://a.com/x)}//'",
        "a{content:\"@import '\";b:url(http://a.com/x)}", "a{content:\"image-set(/*\"}b{c:url(http://a.com/x)}",
        "a{b:url(c 'd);e:url(http://a.com/x)}", "/* url(http://a.com/x) */", "a{b:'url(http://a.com/x)'}",
    ]) func inSheets(_ sheet: String) {
        let urls = inPage("<style>\(sheet)</style>")
        #expect(urls.map(\.canonical).filter { $0.hasPrefix("http") } == ["http://a.com/x"], "\(urls)")
        #expect(!urls.contains { $0.host == "b.com" })
    }

    /// Each byte of a sheet is read a few times, whatever stands in it.
    @Test(arguments: ["url(", "@import '", "\\75", "image-set(", "/*", "image-set('\"", "url('url(\"", "\\"])
    func longSheets(_ piece: String) {
        let start = ContinuousClock.now
        _ = inPage("<style>" + String(repeating: piece, count: 400_000 / piece.utf8.count) + "</style>")
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// In text that nobody sees, in programs, in pages inside the page.
    private static let oddPlaces: [(String, ContentURL.Source, URLFlags)] = [
        ("<p style='display:none'>see http://a.com/x</p>", .text, .hidden),
        ("<p hidden>a.com/x</p>", .name, .hidden),
        ("<div hidden><a href=http://a.com/x>t</a></div>", .link, .hidden), ("<div hidden><img src=http://a.com/x></div>", .fetch, []),
        ("<table><td style='font-size:0'><a href=http://a.com/x><img alt=y></a>", .link, []),
        ("<table><td style='font-size:0'><a href=http://a.com/x>y</a>z", .link, .hidden),
        ("<font color=white><a href=http://a.com/x style='font-size:1px'><b style='font-size:9px;color:red'>y</b></a>", .link, []),
        ("<p onclick=\"window.location='http://a.com/x'\">t</p>", .text, []),
        ("<p ONMOUSEOVER=&quot;http://a.com/x&quot;>t</p>", .text, []),
        ("<iframe srcdoc='<a href=http://a.com/x>t</a>'></iframe>", .link, []),
        ("<iframe srcdoc='<p>see http://a.com/x'></iframe>", .text, []),
        ("<iframe srcdoc='&lt;a href=&quot;http://a.com/x&quot;&gt;t'></iframe>", .link, []),
        ("<iframe srcdoc='<script>\"http://a.com/x\"</script>'></iframe>", .text, []),
        ("<iframe srcdoc='<p hidden>http://a.com/x'></iframe>", .text, .hidden), ("<iframe>http://a.com/x</iframe>", .text, .hidden),
        ("<!--[if mso]><a href=http://a.com/x>t</a><![endif]-->", .link, []), ("<!--[if !mso]>http://a.com/x<![endif]-->", .text, .hidden),
        ("<bdo dir=rtl>x/moc.a//:ptth</bdo>", .text, []), ("<p onx=y title=http://a.com/q>http://a.com/x</p>", .text, []),
    ]

    @Test(arguments: Self.oddPlaces) func inOddPlaces(_ html: String, _ source: ContentURL.Source, _ flags: URLFlags) {
        let urls = inPage(html)
        #expect(urls.map(\.canonical) == ["http://a.com/x"])
        #expect(urls.first?.source == source)
        #expect(urls.first?.flags == flags)
        for url in urls {
            let span = html.utf8.dropFirst(url.span.range.lowerBound - 10).prefix(url.span.range.count)
            #expect(html.contains("rtl") || html.contains("&") || String(decoding: span, as: UTF8.self).contains("a.com/x"))
        }
    }

    /// A program's addresses are those in it, behind its own.
    @Test func programsAsAddresses() {
        let urls = inPage("<a href=\"javascript:location='http://a.com/x'\">t</a>")
        #expect(urls.map(\.source) == [.link, .text])
        #expect(urls.last?.canonical == "http://a.com/x")
        // Pages in pages in pages are read down to a depth; below it, as text.
        var html = "http://a.com/x"
        for _ in 0..<6 { html = "<iframe srcdoc=\"" + html.replacing("&", with: "&amp;").replacing("\"", with: "&quot;") + "\"></iframe>" }
        #expect(inPage(html).map(\.host) == ["a.com"])
    }

    @Test func anchors() {
        let urls = inPage("<a href=http://evil.com><b>http://bank.com/</b>\n <img alt='Log  in'></a> <a href='#x'>none</a>")
        #expect(urls.map(\.anchor) == ["http://bank.com/ Log in", ""])
        #expect(urls.first?.span.range == 18..<33)
        #expect(urls.map(\.host) == ["evil.com", "bank.com"])
        // Hidden text is no anchor.
        #expect(inPage("<a href=http://a.com>x<i style='display:none'>y</i>z</a>").first?.anchor == "xz")
        let long = inPage("<a href=http://a.com>" + String(repeating: "é", count: 400) + "</a>")
        #expect(long.first?.anchor.utf8.count == 512)
    }

    /// Nothing that is around a text, or claims to be, keeps the address in it from being found.
    @Test(arguments: [
        "<div style='display:none'><iframe srcdoc='<a href=http://good.com/>\(String(repeating: "A", count: 80))</a>'></iframe></div>"
            + "<p>Go to http://evil.com/pay",
        "<body href=http://good.com/>http://evil.com/pay", "<p href=http://good.com/>http://evil.com/pay",
        "<svg><use href=http://good.com/>http://evil.com/pay", "<a href=http://good.com/>x<td></a> http://evil.com/pay",
        "<a href=http://good.com/>x<caption></a> http://evil.com/pay", "<a href=http://good.com/>x<button></a> http://evil.com/pay",
        "<a href=http://good.com/>http://evil.com/pay</a>",
        "<v:rect href=http://good.com/>http://evil.com/pay", "<div style='display:none'><td></div>http://evil.com/pay",
        "<iframe srcdoc='<base href=http://good.com/>'></iframe><a href=http://evil.com/pay>x</a>",
        "<a href='javascript:x'>http://evil.com/pay</a>", "<h1 hidden><h2>http://evil.com/pay",
        "<bdo dir=rtl><a href=http://good.com/>abcdefghijklmnopqrstu</a> yap/moc.live//:ptth</bdo>",
    ]) func foundAfterAll(_ html: String) {
        #expect(inPage(html).contains { $0.canonical == "http://evil.com/pay" && $0.flags == [] })
    }

    /// Only links have anchors; what is turned has them where it is seen.
    @Test(arguments: [
        ("<bdo dir=rtl>moc.<a href='http://a.com/'>elgoog</a></bdo>", "google"),
        ("<bdo dir=rtl>cba<br>moc.<a href='http://a.com/'>elgoog</a></bdo>", "google"),
        ("<bdo dir=rtl>c<a href='http://a.com/'>ba<br>moc.elgoog</a></bdo>", ""),
        ("<a href='http://a.com/'><bdo dir=rtl>moc.elgoog</bdo></a>", "google.com"),
        ("<bdo dir=rtl>x<bdo dir=ltr><a href='http://a.com/'>goo</a>gle</bdo></bdo>", "goo"),
        ("<a href='http://a.com/' href='http://a.com/'>x</a>", "x"),
        ("<svg><a xlink:href='http://a.com/'><text>x</text></a></svg>", "x"), ("<p href='http://a.com/'>x</p>", ""),
        ("<p hidden><iframe srcdoc='<a href=http://a.com/>x</a>'></iframe></p>xyz", ""),
        ("y<iframe srcdoc='<a href=http://a.com/>x</a>'></iframe>z", "x"),
    ]) func anchorsOf(_ html: String, _ anchor: String) {
        #expect(inPage(html).first?.anchor == anchor)
    }

    /// A page inside the page has a base of its own, or else that of the page around it.
    @Test func basesInside() {
        let frame = "<iframe srcdoc='<base href=http://b.com/b/><a href=x>1</a>'></iframe>"
        #expect(inPage(frame + "<a href=y>2</a>").last?.flags == .malformed)
        let all = inPage("<a href=y>0</a>" + frame + "<base href=http://a.com/><iframe srcdoc='<a href=z>3</a>'></iframe>")
        #expect(all.map(\.canonical) == ["http://a.com/y", "http://b.com/b/", "http://b.com/b/x", "http://a.com/", "http://a.com/z"])
        let relative = inPage("<base href=http://a.com/><iframe srcdoc='<base href=c/><a href=z>3</a>'></iframe>")
        #expect(relative.last?.canonical == "http://a.com/c/z")
        let deep = inPage("<iframe srcdoc=\"<base href=http://b.com/><iframe srcdoc='<a href=x>1</a>'></iframe>\"></iframe>")
        #expect(deep.last?.canonical == "http://b.com/x")
    }

    @Test func base() {
        let urls = inPage("<a href=y>1</a><base href='http://a.com/b/'><a href='/z'>2</a><a href=http://c.com/>3</a>")
        #expect(urls.map(\.canonical) == ["http://a.com/b/y", "http://a.com/b/", "http://a.com/z", "http://c.com/"])
        #expect(urls.map(\.flags) == [.relative, [], .relative, []])
        #expect(inPage("<a href=x/y>t</a>").map(\.flags) == [.malformed])
    }

    @Test func disguises() {
        #expect(inPage("<a href='&#104;ttp://a.com'>t</a>").first?.flags == .encoded)
        #expect(inPage("<a href='http://a.com/?a=1&amp;b=2'>t</a>").first?.flags == [])
        #expect(inPage("<a href='ht&Tab;tp://a.com'>t</a>").first?.flags == [.disguised, .encoded])
        #expect(inPage("<a href='http:\\\\a.com'>t</a>").first?.flags == .disguised)
        #expect(inPage("<a href='//a.com'>t</a>").first?.flags == .malformed)
    }
}
