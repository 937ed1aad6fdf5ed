import Extract
import Mail
import Testing

/// What style sheets hide, by all that selectors and values can say.
@Suite struct HTMLHidingTests {
    private func page(_ html: String) -> HTMLPage { HTMLPage(html.utf8) }

    private func expect(_ html: String, visible: String, hidden: String) {
        let page = page(html)
        #expect(String(decoding: page.visible, as: UTF8.self) == visible, "\(html)")
        #expect(String(decoding: page.hidden, as: UTF8.self) == hidden, "\(html)")
    }

    private static let element = "<div id=d class='a b' data-x='One two'><p class=y lang=en-gb><b class='c h' title=Up>x</b></p></div>"

    @Test(arguments: [
        ".a .c", ".a > p > b", "div.a .h", "div b", "DIV.A.B B.H", "#d b", "#d > .y > b.c", "* b", "div *", "p>b", "body div b , i",
        "[title]", "[title=up]", "b[title='Up']", "[class~=h]", "[lang|=en] b", "[data-x^=one] b", "[data-x$='two'] b", "[data-x*='e t'] b",
        "b:not(.z)", "b:not(i, .z)", ":is(i, b)", ":where(.c)", "b:first-child", "b:nth-child(1)", "b:nth-child(odd)", "p:nth-child(n+1) b",
        "b:not(:hover)", ".c\\.d, .h", ".\\68", "b.h:not([href])", "body:nth-child(1) b", "html > body > div b", ":root b", ".a .b, .y b",
        "p > :first-child",
    ]) func selected(_ selector: String) {
        expect("<style>\(selector){display:none}</style>" + Self.element, visible: "", hidden: "x")
    }

    @Test(arguments: [
        ".c .a", ".a > b", "div > b", "p.a", "p + b", "#x b", "b b", "[title=down]", "[title=u]", "[class~=c.h]", "[lang|=e] b",
        "b:not(.h)",
        "b:not(b)", ":is(i, p.z)", "b:hover", "b:nth-child(2)", "b:nth-child(even)", "b:last-child", "b::before", "b:before", ".c\\.h",
        "i b", "div:root b", "div:not(.a) b", "b:not(.a .c)", "b[title", "b:unknown", "[title*]", "[title*up]", "[title up]", ">b", "b >",
        "b > > i", ".", "#", "b..c", "a|b:x", "",
    ]) func notSelected(_ selector: String) {
        expect("<style>\(selector){display:none}</style>" + Self.element, visible: "x", hidden: "")
    }

    @Test(arguments: [
        ("p + b", "<p>1</p><b>2</b>"), ("i ~ b", "<i></i><u></u><b>2</b>"), ("i + u + b", "<i></i><u></u><b>2</b>"),
        ("i ~ u > b", "<i></i><u><b>2</b></u>"), (".q b, u + .body b", "<u></u><div class=body><b>2</b></div>"),
        ("b:nth-child(2n)", "<i></i><b>2</b>"), ("a:link", "<a href=http://a.com>2</a>"),
        ("a:any-link b", "<a href=http://a.com><b>2</b></a>"),
    ]) func siblings(_ selector: String, _ html: String) {
        #expect(String(decoding: page("<style>\(selector){display:none}</style>" + html).hidden, as: UTF8.self) == "2")
        let visible = String(decoding: page("<style>\(selector){display:none}</style><div>\(html)</div>z").visible, as: UTF8.self)
        #expect(visible.hasSuffix("z") && !visible.contains("2"))
    }

    /// The more specific rule wins, then the later one, `!important` before all.
    @Test(arguments: [
        (".h{display:none} b{display:inline}", false), ("b{display:inline} .h{display:none}", false),
        ("#d b{display:inline} .a .c.h{display:none}", true), (".h{display:none} .h{display:inline}", true),
        (".h{display:none!important} #d .h{display:inline}", false), ("div p .h{display:none} .c.h{display:inline}", true),
        (".c.h{display:inline} .a .y .h{display:none}", false), (":where(#d .h, .h){display:none} b{display:inline}", true),
        ("b:not(#z){display:none} .a .b .c .h{display:inline}", false),
        ("b{display:inline!important} #d{color:red} .h{display:none}", true),
    ]) func cascade(_ sheet: String, _ isShown: Bool) {
        expect("<style>\(sheet)</style>" + Self.element, visible: isShown ? "x" : "", hidden: isShown ? "" : "x")
    }

    @Test(arguments: [
        "@media all{b{display:none}}", "@media only screen{b{display:none}}", "@media print,screen{b{display:none}}",
        "@media screen and (min-width:1px){b{display:none}}", "@media (max-width:99999px){b{display:none}}",
        "@supports (display:block){b{display:none}}", "@layer x{b{display:none}}", "@import 'x';b{display:none}",
        "@font-face{font-family:'}'}b{display:none}", "a{content:'}{'}b{display:none}", "a[b='{']{c:d}b{display:none}",
        "@media print{a{b:c}}b{display:none}", "@media screen{@media all{b{display:none}}}", "<!-- b{display:none} -->",
        "@charset 'x';@media screen{i{a:b}} b{display:none}", "a{b:c;;}b{;display:none;}", "b{display:none", "b{color:red;display:none",
    ]) func sheets(_ sheet: String) {
        expect("<style>\(sheet)</style><b>x</b>", visible: "", hidden: "x")
    }

    @Test(arguments: [
        "@media not all{b{display:none}}", "@media (max-width:600px){b{display:none}}", "@media print{b{display:none}}",
        "@media screen and (orientation:portrait){b{display:none}}", "@supports not (display:block){b{display:none}}",
        "@keyframes x{b{display:none}}", "b{display:nonesense}", "b{display:none;display:inline}", "b{visibility:gone}", "b(display:none)",
    ]) func sheetsThatHideNothing(_ sheet: String) {
        expect("<style>\(sheet)</style><b>x</b>", visible: "x", hidden: "")
    }

    @Test(arguments: [
        "font-size:1e-9px", "font-size:calc(1px * 0)", "font-size:calc(10px - 9.5px)", "font-size:min(0px, 10px)",
        "font-size:clamp(0px,1px,1px)",
        "font:normal 0px/0 a", "opacity:1e-3", "opacity:0%", "opacity:calc(1 - 1)", "filter:opacity(0)", "filter:alpha(opacity=0)",
        "max-height:0;overflow:hidden", "max-height:0;height:auto;overflow-y:hidden", "height:calc(0px);overflow:auto",
        "position:absolute;left:calc(-1 * 9999px)", "position:absolute;inset:0 0 0 -9999px", "margin:0 0 0 -9999px",
        "margin-left:-9999px;margin-top:0", "position:absolute;clip:rect(10px,10px,10px,10px)", "position:fixed;clip:rect(1px 1px 1px 1px)",
        "clip-path:inset(50%)", "clip-path:inset(0 100% 0 0)", "clip-path:circle(0px)", "clip-path:polygon(0 0, 0 0, 0 0)",
        "transform:scale(0.01)", "transform:rotate(3deg) scale3d(0,0,0)", "transform:translateX(-9999px)", "-webkit-transform:scale(0)",
        "scale:0", "translate:-9999px 0", "zoom:.01", "transform:matrix(0,0,0,0,0,0)", "transform:rotateY(90deg)", "letter-spacing:-1em",
        "line-height:0;overflow:hidden",
        "text-indent:calc(-100em * 10)", "color:rgb(255 255 255 / 100%)", "color:hsl(120deg 50% 100%)", "color:hwb(0 100% 0%)",
        "color:color(srgb 1 1 1)", "color:oklch(100% 0 0)", "color:#ffff", "color:#00000000", "color:snow", "color:canvas",
        "background:rebeccapurple;color:#663399", "background:linear-gradient(#fff,white);color:#fff", "content-visibility:hidden",
        "visibility:collapse", "background:hsl(240,100%,50%);color:blue", "-webkit-text-fill-color:white", "display:none;display:bogus",
    ]) func declared(_ style: String) {
        expect("<div style='\(style)'>x</div>", visible: "", hidden: "x")
    }

    @Test(arguments: [
        "font-size:1e1px", "font-size:1em", "font-size:calc(1px + 1em)", "font-size:calc(bogus)", "font-size:calc(1px / 0)", "opacity:.5",
        "clip:rect(0,0,0,0)", "clip-path:inset(10%)", "transform:scale(1)", "transform:none", "margin:-10px", "letter-spacing:-1px",
        "line-height:0", "line-height:0;overflow:hidden;height:20px", "line-height:1;overflow:hidden",
        "mso-hide:all", "background:linear-gradient(red,white);color:white", "color:inherit", "color:bogus", "overflow:hidden;height:20px",
        "filter:blur(0)", "zoom:0", "scale:1", "background:none;color:black", "display:none;display:var(--x)",
        "visibility:hidden;visibility:var( --x )", "font-size:0;font-size:calc(1px * var(--x))", "color:white;color:var(--x)",
        "background:black;color:black;background:var(--x)", "opacity:0;opacity:VAR(--x,1)", "margin:-9999px;margin:var(--x)",
        "text-indent:-9999px;text-indent:var(--x)", "transform:scale(0);transform:scale(var(--x))", "zoom:.01;zoom:var(--x)",
        "height:var(--x);overflow:hidden", "font:0px a;font:var(--x)", "overflow:hidden;height:0;overflow:var(--x)",
    ]) func declaredAndShown(_ style: String) {
        expect("<div style='\(style)'>x</div>", visible: "x", hidden: "")
    }

    @Test(arguments: [
        ("<body class=h><style>.h{display:none}</style>x", "", "x"),
        ("<div class=h><style>.h b{display:none}</style><b>x</b></div>", "", "x"),
        ("<body data-h><style>[data-h] b{display:none}</style><b>x</b>", "", "x"), ("<dialog>x</dialog><dialog open>y</dialog>", "y", "x"),
        ("<style media=print>b{display:none}</style><b>x</b>", "x", ""), ("<style media='screen'>b{display:none}</style><b>x</b>", "", "x"),
        ("<!--[if mso]><style>b{display:none}</style><![endif]--><b>x</b>", "x", ""),
        ("<body link=white><a href=http://a.com>x</a>", "", "x"),
        ("<table><td style='color:#fff'><a href=y style='color:inherit'>x</a>", "", "x"), ("<noscript>x</noscript>", "x", ""),
        ("<p style='font-size:0'><font size=3>x</font></p>", "x", ""), ("<font color=#fffffe>x</font>", "", "x"),
        (String(repeating: "<small>", count: 20) + "x", "", "x"),
        ("<table bgcolor=#123456><tr><td><p><font color=#123456>x</font>", "", "x"),
        ("<div style='background:#000'><p style='color:#010101'>x</p></div>", "", "x"), ("<p hidden=until-found>x</p>", "", "x"),
        ("<div style='color:#fff'><span style='background:#00f'>x</span></div>", "x", ""),
    ]) func elements(_ html: String, _ visible: String, _ hidden: String) {
        expect(html, visible: visible, hidden: hidden)
    }

    /// What end tags and table parts close in browsers, they close here: what follows is seen.
    @Test(arguments: [
        ("<div style='display:none'><td></div>x", "x"), ("<p style='display:none'>a<th></p>x", "x"),
        ("<div style='display:none'><caption></div>x", "x"), ("<div style='display:none'><tr></div>x", "x"),
        ("<div style='display:none'><tbody><colgroup></div>x", "x"), ("<div style='display:none'><button></div>x", "x"),
        ("<div style='display:none'><html></div>x", "x"), ("<div style='display:none'><foreignObject></div>x", "x"),
        ("<svg style='display:none'><td></svg>x", "x"), ("<td style='display:none'>x", "x"), ("<tr hidden><td>x", "x"),
        ("<table><div style='display:none'><td></div>x", "x"), ("<table><div style='display:none'><tr><td>x", "x"),
        ("<h1 hidden><h2>x", "x"), ("<nobr hidden>a<nobr>x", "x"), ("<form><form hidden>x", "x"), ("x<frameset hidden>y", "xy"),
        ("<ul><li hidden><div><li>x", "* x"), ("<dl><dd hidden><div><dt>x", "x"), ("<svg hidden><var>x", "x"),
        ("<svg hidden><font face=a>x", "x"), ("<svg hidden></p>x", "x"), ("<svg hidden></br>x", "\nx"),
        ("<table><font color=white><tr><td>x", "x"), ("<p style='display:none'><button><p></button>a</p>x", "x"),
        ("<table><td hidden>a<td>x</table>y", "x\ny"), ("<table><tr><td>a<table><td hidden>b</table>c<td>d</table>e", "a\nc\td\ne"),
    ]) func closed(_ html: String, _ text: String) {
        #expect(String(decoding: page(html).visible, as: UTF8.self) == text)
    }

    /// What Outlook's condition says in it: hidden only where it is for all others.
    @Test(arguments: [
        ("!mso", false), (" ! MSO ", false), ("!(mso)", false), ("!vml", false), ("!(mso 9)", true), ("!mso 9", true),
        ("(gte mso 9)&!(mso 10)", true), ("mso", true), ("!(gte mso 99)", true), ("!mso|mso", true),
    ]) func conditions(_ condition: String, _ isShown: Bool) {
        expect("<!--[if\(condition)]>x<![endif]-->", visible: isShown ? "x" : "", hidden: isShown ? "" : "x")
    }

    /// Rules take steps in proportion to the page, in however many pages inside it they stand.
    @Test func steps() {
        // No `u` is there: each `b` asks all ways through the `i`.
        let sheet = "<style>u ~ i ~ i ~ i ~ b{display:none}</style>"
        let elements = String(repeating: "<i></i>", count: 60) + "<b></b><b></b><b></b>"
        for (html, passes) in [(sheet + elements + "x", 1), (elements + "x" + sheet, 2)] {
            let size = html.utf8.count
            #expect(page(html).steps > 1_000 && page(html).steps <= passes * (4_000 + 66 * size))
            #expect(page(html).flags.contains(.limit))
            let frames = String(repeating: "<iframe srcdoc='\(html)'></iframe>", count: 500)
            #expect(page(frames).steps <= 4_000 + 1_000_000 + 2 * frames.utf8.count)
            let few = "<iframe srcdoc='\(html)'></iframe>"
            #expect(page(few).steps <= 4_000 + 66 * few.utf8.count)
            #expect(page(few).flags.contains(.limit))
        }
        // A frame that needs few takes little from what comes behind it.
        let html = "<iframe srcdoc='<style>b{display:none}</style><b>y</b>'></iframe><style>b{display:none}</style><b>y</b>x"
        #expect(page(html).visible == Array("x".utf8))
        #expect(!page(html).flags.contains(.limit))
    }

    /// What is written backwards and shown forwards.
    @Test(arguments: [
        ("<bdo dir=rtl>tenalp</bdo>", "planet"), ("a <bdo dir=rtl> cba </bdo> d", "a abc d"), ("<bdo dir=rtl>a<b>b</b>(c</bdo>", "c)ba"),
        ("<span style='unicode-bidi:bidi-override;direction:rtl'>cba</span>", "abc"), ("<p dir=rtl>abc</p>", "abc"),
        ("<bdo>abc</bdo>", "abc"),
        ("<style>.r{direction:rtl} i.r{unicode-bidi:bidi-override}</style><i class=r>cba</i>", "abc"),
        ("<bdo dir=rtl>cb<br>fe</bdo>", "bc\nef"),
        ("<bdo dir=rtl>fed <bdo dir=ltr>abc</bdo></bdo>", "abc def"), ("<bdo dir=rtl>é\u{301}ba", "abé\u{301}"),
        ("<bdo dir=rtl>שלום</bdo>", "שלום"), ("<div style='unicode-bidi:bidi-override;direction:rtl'><p>abc</p></div>", "abc"),
    ]) func turned(_ html: String, _ text: String) {
        #expect(String(decoding: page(html).visible, as: UTF8.self) == text)
        #expect(page(html).flags.contains(.bidi) == (html.contains("rtl") && !html.hasPrefix("<p")))
    }

    /// Each is flagged, and what nobody asks for is not.
    @Test(arguments: [
        ("<p>x</p>", PartFlags()), ("<p hidden>x</p>", .hiddenText), ("a&shy;b", .zeroWidth), ("\u{202E}x", .bidi), ("a\u{0}b", .nul),
        ("<!--[if mso]>x<![endif]-->", .conditional), ("<![if !mso]>x<![endif]>", .conditional),
        ("<p style='mso-hide:all'>x</p>", .conditional),
        ("<script>x</script>", .script), ("<p onclick='x'>y</p>", .script), ("<a href='JAVA&Tab;script:x'>y</a>", .script),
        ("<form>x</form>", .form), ("<iframe srcdoc='<form>x</form>'></iframe>", .form),
        ("<p style='display:none;mso-hide:all'>x</p>", .hiddenText),
    ]) func flags(_ html: String, _ flags: PartFlags) {
        #expect(page(html).flags == flags)
    }

    /// Work is bounded, and where it ends the page says so.
    @Test(arguments: [
        ("<style>" + String(repeating: "a b{display:none}", count: 20_000) + "</style>x", true),
        ("<style>" + String(repeating: "b ", count: 10_000) + "{display:none}</style>x", true),
        ("<style>" + String(repeating: ".a", count: 10_000) + "{display:none}</style>x", true),
        ("<style>p ~ i ~ b ~ i ~ b ~ i ~ u{display:none}</style>" + String(repeating: "<i></i><b></b><u></u>", count: 5_000) + "x", true),
        (
            "<style>[a*=" + String(repeating: "a", count: 120) + "b]{display:none}</style><i a=" + String(repeating: "a", count: 500)
                + ">x", false
        ),
        ("<style>b:not(" + String(repeating: "b,", count: 1_000) + "b){display:none}</style>x", true),
        ("<style>.a b{display:none}</style>" + String(repeating: "<b>", count: 500) + "x", false),
    ]) func bounds(_ html: String, _ isLimited: Bool) {
        let page = page(html)
        #expect(page.flags.contains(.limit) == isLimited)
        #expect(page.visible == Array("x".utf8))
    }
}
