import Extract
import Testing

/// What is shown of a page, and what is hidden in it.
@Suite struct HTMLPageTests {
    private func visible(_ html: String) -> String { String(decoding: HTMLPage(html.utf8).visible, as: UTF8.self) }
    private func hidden(_ html: String) -> String { String(decoding: HTMLPage(html.utf8).hidden, as: UTF8.self) }

    @Test(arguments: [
        ("a  b\n\tc", "a b c"), ("<p>a</p><p>b</p>", "a\n\nb"), ("a<br>b<BR/>c", "a\nb\nc"), ("<div>a<div>b</div></div>c", "a\nb\nc"),
        ("<b>a</b><i>b</i>", "ab"), ("<pre> a\n  b</pre>", " a\n  b"), ("<ul><li>a<li>b</ul>c", "* a\n* b\n\nc"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"), ("<table><tr><td>a<td>b<tr><td>c</table>", "a\tb\nc"),
        ("<title>T</title>x", "T\nx"), ("<img alt='pic'>", "pic"), ("<textarea><b>x</b></textarea>", "<b>x</b>"), ("a<!-- b -->c", "ac"),
        ("a<!-->b", "ab"), ("a<!--->b", "ab"), ("a<!-- x --!>b", "ab"), ("a<!-- x -- > -->b", "ab"), ("a<!x>b", "ab"), ("a<?x y?>b", "ab"),
        ("a</>b", "ab"), ("a</ x>b", "ab"), ("a < b <3 c", "a < b <3 c"), ("a<", "a<"), ("a</", "a</"), ("a<b", "a"), ("a<!--b", "a"),
        ("&lt;&gt;&amp;&quot;&nbsp;x", "<>&\" x"), ("&notit; &notin;", "¬it; ∉"), ("&copy2 &AMP &amp", "©2 & &"),
        ("&#65;&#x42;&#X43", "ABC"), ("&#128;&#0;&#xD800;&#x110000;", "€\u{FFFD}\u{FFFD}\u{FFFD}"), ("&#;&#x;&;&x;", "&#;&#x;&;&x;"),
        ("&fjlig;&NotEqualTilde;", "fj≂̸"), ("&CounterClockwiseContourIntegral;", "∳"), ("&ampx;", "&x;"),
        ("<script>if (a<b) '</scr'</script>x", "x"), ("<script><!--<script></script>--></script>x", "x"),
        ("<style>b{}</style>x<noembed>y</noembed>", "x"), ("<xmp><b></xmp>x", "<b>\n\nx"),
        ("a<plaintext><b></plaintext>", "a\n<b></plaintext>"),
        ("<svg><![CDATA[<x>]]></svg>", "<x>"), ("<![CDATA[<x>]]>", "]]>"), ("<a b='>'c=\">\">x", "x"), ("<a b=c/d>x", "x"),
        ("<a/b/>x", "x"),
        ("<b><p></b>x</p>", "x"), ("<input value=a><input type=submit value=Go><input type=hidden value=z>", "aGo"),
        ("<![if !mso]>x<![endif]>", "x"), ("<!--[if mso]><p>o</p><![endif]-->x", "o\n\nx"), ("<!--[if !mso]>o<![endif]-->x", "x"),
        ("<!--[if !mso]><!-->x<!--<![endif]-->", "x"), ("\u{FEFF}a", "a"), ("a\u{0}b", "ab"),
    ]) func shown(_ html: String, _ text: String) {
        #expect(visible(html) == text)
    }

    @Test(arguments: [
        "<p style='display:none'>x</p>", "<p style='DISPLAY : None !important'>x</p>", "<p style='display:/**/none'>x</p>",
        "<p style='d\\69splay:none'>x</p>", "<p style='display:&#110;one'>x</p>", "<p style=\"visibility:hidden\">x</p>",
        "<span style='font-size:0'>x</span>", "<span style='font-size:1px'>x</span>", "<span style='font:0/0 a'>x</span>",
        "<span style='font-size:.01em'>x</span>", "<font color=white>x</font>", "<font color=#fefefe>x</font>",
        "<body bgcolor=#000000><font color=black>x</font>", "<table><td bgcolor=red><font color='#ff0000'>x</font></td>",
        "<p style='color:#fff'>x</p>", "<p style='color:rgb(255, 255, 254)'>x</p>", "<p style='color:transparent'>x</p>",
        "<p style='color:rgba(0,0,0,0)'>x</p>", "<p style='color:hsl(0,0%,100%)'>x</p>", "<p style='background:navy;color:#000080'>x</p>",
        "<p style='opacity:0'>x</p>", "<div style='opacity:.2'><p style='opacity:.2'>x</p></div>", "<p hidden>x</p>",
        "<div style='height:0;overflow:hidden'>x</div>", "<div style='max-height:0px;overflow:hidden'>x</div>",
        "<div style='width:0;overflow:hidden'>x</div>", "<div style='position:absolute;left:-9999px'>x</div>",
        "<div style='position:fixed;top:-100em'>x</div>", "<p style='text-indent:-9999px'>x</p>", "<p style='margin-left:-5000px'>x</p>",
        "<div style='position:absolute;clip:rect(0,0,0,0)'>x</div>", "<p style='transform:scale(0)'>x</p>",
        "<style>.h{display:none}</style><p class='a h'>x</p>", "<style>#h{color:#fff}</style><p id=h>x</p>",
        "<style>p{font-size:0}</style><p>x</p>", "<style>p.h{display:none}</style><p class=h>x</p>",
        "<style>@media screen{.h{display:none}}</style><p class=h>x</p>", "<style>/*}*/ .a,.h{a:b;display:none}</style><p class=h>x</p>",
        "<style>.h{display:none!important}</style><p class=h style='display:block'>x</p>",
        "<p class=h>x</p><style>.h{display:none}</style>",
        "<template>x</template>", "<iframe>x</iframe>",
        "<p style='display:none'><b style='display:block'>x</b></p>",
        "<!--[if !mso]><p>x</p><![endif]-->", "<p style='visibility:hidden'><img alt=x></p>", "<p style='font-size:0'>x<p></p>",
    ]) func notShown(_ html: String) {
        #expect(visible(html) == "")
        #expect(hidden(html) == "x")
        #expect(HTMLPage(html.utf8).flags.contains(.hiddenText))
    }

    @Test(arguments: [
        "<p style='display:block'>x</p>", "<p style='visibility:hidden'><b style='visibility:visible'>x</b></p>",
        "<p style='font-size:0'><b style='font-size:12px'>x</b></p>",
        "<font color=white><b style='background:black'>x</b></font>", "<table><td background='i.png'><font color=white>x</font></td>",
        "<p style='background:#fff url(i.png);color:#fff'>x</p>", "<p style='background:linear-gradient(red,blue);color:#fff'>x</p>",
        "<p style='height:0'>x</p>", "<p style='left:-9999px'>x</p>", "<p style='color:#999'>x</p>", "<font color=yellow>x</font>",
        "<style>@media (max-width:600px){.h{display:none}}</style><p class=h>x</p>",
        "<style>@media print{.h{display:none}}</style><p class=h>x</p>",
        "<style>.h{display:none}</style><p class=h style='display:block'>x</p>",
        "<style>.h:hover{display:none}</style><p class=h>x</p>", "<p style='xdisplay:none;display:inline'>x</p>",
        "<a href=y style='opacity:1'>x</a>",
        "<body bgcolor=blue><font color=white>x</font>", "<p style='display:none'></p>x", "<p style='text-indent:-10px'>x</p>",
        "<!--[if mso]><div style='display:none'><![endif]-->x", "<p style='display:none' style='display:block'></p>x",
    ]) func shownAfterAll(_ html: String) {
        #expect(visible(html) == "x")
        #expect(hidden(html) == "")
    }

    /// Formatting goes on behind a block that closed it, and ends where its end tag is.
    @Test func formattingReachesAcrossBlocks() {
        let page = HTMLPage("<p><font color=white>a</p><p>b</p></font>c<table><tr><td>d</table>".utf8)
        #expect(String(decoding: page.visible, as: UTF8.self) == "c\nd")
        #expect(String(decoding: page.hidden, as: UTF8.self) == "a\nb")
    }

    @Test func charactersOfNoWidth() {
        let page = HTMLPage("vi\u{200B}ag&shy;r&#8203;a \u{1F468}\u{200D}\u{1F469} \u{202E}x".utf8)
        #expect(String(decoding: page.visible, as: UTF8.self) == "viagra \u{1F468}\u{200D}\u{1F469} \u{202E}x")
        #expect(page.flags.isSuperset(of: [.zeroWidth, .bidi]))
    }

    /// All references of the standard, with and without semicolon, are in the table: some of each kind, first and last.
    @Test func references() {
        #expect(visible("&AElig &AElig; &zwj;&zwnj;&zscr; &Aacute;&yuml") == "Æ Æ 𝓏 Áÿ")
        #expect(visible("&Aopf; &aopf") == "𝔸 &aopf")
    }

    /// Deeper than is followed: text is still seen, and the page is flagged.
    @Test func depth() {
        let page = HTMLPage((String(repeating: "<div>", count: 100_000) + "x" + String(repeating: "</div>", count: 100_000) + "y").utf8)
        #expect(String(decoding: page.visible, as: UTF8.self) == "x\ny")
        #expect(page.flags.contains(.limit))
    }
}
