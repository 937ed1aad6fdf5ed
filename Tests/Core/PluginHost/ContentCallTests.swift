import Foundation
import Mail
import Testing

@testable import PluginHost

/// What a message consists of, through the real ABI, in both homes.
@Suite(.timeLimit(.minutes(5)))
struct ContentCallTests {
    /// `large`: more than goes through a ring.
    private func message(_ plugins: TestPlugins, needs: ContentNeeds, large: Bool = true) -> ReceivedMessage {
        var message = plugins.call(.data, "Subject: x\r\n\r\nAAAA").message!
        let decoded = Region(copying: [UInt8](repeating: 7, count: large ? 300_000 : 30) + Array("see example.com".utf8))
        let end = decoded.count
        var leaf = ContentPart(
            path: "1", parent: 0, kind: .leaf, declaredType: "text/html", header: ContentRef(region: 0, 0..<12),
            raw: ContentRef(region: 0, 14..<18, gaps: .malformed), detectedType: "text/html", charset: "utf-8",
            transferEncoding: "base64", disposition: "attachment", contentID: "a@b", names: ["one.html", "zwei-\u{E9}.html"],
            decoded: ContentRef(region: 1, 0..<end - 15), sha256: MessageDigest(bytes: [UInt8](1...32)))
        leaf.gaps = [.ambiguous]
        leaf.flags = [.badBase64, .headerSplit]
        let whole = ContentPart(
            path: "", parent: nil, kind: .multipart, declaredType: "multipart/mixed", header: ContentRef(region: 0, 0..<12),
            raw: ContentRef(region: 0, 14..<18))
        var other = leaf
        other.path = "1~1"
        other.alternativeTo = 1
        let text = ContentText(part: 1, source: .hidden, text: ContentRef(region: 1, end - 15..<end, gaps: .truncated))
        let url = ContentURL(
            raw: "example.com", canonical: "http://example.com/", host: "example.com", part: 1, source: .name,
            span: ContentRef(region: 1, end - 11..<end), anchor: "here", flags: [.idn])
        message.content = MessageContent(
            built: needs, regions: [message.region, decoded], parts: [whole, leaf, other], texts: [text], urls: [url])
        return message
    }

    private func run(_ home: FilterManifest.Home, _ body: String, _ make: (TestPlugins) -> ReceivedMessage?) throws -> Verdict {
        let plugins = try TestPlugins()
        try plugins.compile(
            "#define IS(bytes, t) ((bytes).length == strlen(t) && !memcmp((bytes).data, t, strlen(t)))\n" + body,
            manifest: ["phases": #"["data"]"#, "needs": #"["parts", "text", "urls"]"#])
        plugins.host.rescan()
        var slot = FilterSlot(name: "slot", plugin: "test")
        slot.home = home
        var call = plugins.call(.data, "Subject: x\r\n\r\nAAAA")
        if let message = make(plugins) { call.message = message }
        let events = Events()
        let instance = try plugins.host.instance(for: slot)
        #expect(instance.manifest.needs == [.parts, .text, .urls])
        _ = instance.start(call, on: plugins.loop) { events.add($0) }
        WorkerTests.wait(plugins) { !events.verdicts.isEmpty }
        return try #require(events.verdicts.first)
    }

    private static let looks = """
        const postern_content *c = call->message->content;
        int good = POSTERN_HAS(call->message, content) && c && c->size == sizeof *c && c->built == 7 && c->part_count == 3
            && c->text_count == 1 && c->url_count == 1 && c->gaps == POSTERN_REF_AMBIGUOUS;
        postern_part p = {.size = sizeof p};
        postern_bytes b;
        good = good && c->part(c, 0, &p) == POSTERN_OK && p.size == sizeof p && p.kind == POSTERN_PART_MULTIPART
            && p.parent == POSTERN_NO_PART && !p.path.length && !p.name_count && !p.decoded.length;
        good = good && c->part(c, 2, &p) == POSTERN_OK && p.alternative_to == 1 && IS(p.path, "1~1");
        good = good && c->part(c, 1, &p) == POSTERN_OK && p.kind == POSTERN_PART_LEAF && p.parent == 0
            && p.alternative_to == POSTERN_NO_PART && p.flags == (POSTERN_ODD_BASE64 | POSTERN_ODD_HEADER_SPLIT)
            && IS(p.path, "1") && IS(p.declared_type, "text/html") && IS(p.detected_type, "text/html") && IS(p.charset, "utf-8")
            && IS(p.transfer_encoding, "base64") && IS(p.disposition, "attachment") && IS(p.content_id, "a@b")
            && p.raw.flags == (POSTERN_REF_MALFORMED | POSTERN_REF_AMBIGUOUS) && p.decoded.flags == POSTERN_REF_AMBIGUOUS
            && p.name_count == 2 && p.sha256[0] == 1 && p.sha256[31] == 32
            && call->host->view(call, p.raw, &b) == POSTERN_OK && IS(b, "AAAA")
            && call->host->view(call, p.decoded, &b) == POSTERN_OK && b.length == LENGTH && b.data[LENGTH - 1] == 7
            && c->name(c, 1, 1, &b) == POSTERN_OK && IS(b, "zwei-\\u00e9.html") && c->name(c, 1, 2, &b) == POSTERN_INVALID
            && c->part(c, 3, &p) == POSTERN_INVALID && c->name(c, 3, 0, &b) == POSTERN_INVALID;
        postern_text t = {.size = sizeof t};
        good = good && c->text(c, 0, &t) == POSTERN_OK && t.part == 1 && t.source == POSTERN_TEXT_HIDDEN
            && t.text.flags == POSTERN_REF_TRUNCATED && call->host->view(call, t.text, &b) == POSTERN_OK && IS(b, "see example.com")
            && c->text(c, 1, &t) == POSTERN_INVALID;
        postern_url u = {.size = sizeof u};
        good = good && c->url(c, 0, &u) == POSTERN_OK && u.part == 1 && u.source == POSTERN_URL_NAME && u.flags == POSTERN_URL_IDN
            && IS(u.raw, "example.com") && IS(u.canonical, "http://example.com/") && IS(u.host, "example.com") && IS(u.anchor, "here")
            && call->host->view(call, u.span, &b) == POSTERN_OK && IS(b, "example.com") && c->url(c, 1, &u) == POSTERN_INVALID;
        postern_ref beyond = {.region = 2};
        good = good && call->host->view(call, beyond, &b) == POSTERN_INVALID;
        /* An older plugin's struct ends earlier. */
        struct { uint32_t size, kind, parent, alternative_to, end; } small = {.size = 16, .end = 99};
        good = good && c->part(c, 1, (postern_part *)&small) == POSTERN_OK && small.size == 16 && small.end == 99;
        if (good) out->add_symbol(out, text("FOUND"), 1, text(""), 0, 0); else out->fail(out, text("bad"));
        return POSTERN_DONE;
        """

    @Test(arguments: RouteCallTests.homes, [true, false]) func isShown(_ home: FilterManifest.Home, _ large: Bool) throws {
        let body = Self.looks.replacing("LENGTH", with: large ? "300000" : "30")
        let verdict = try run(home, body) { message($0, needs: [.parts, .text, .urls], large: large) }
        #expect(verdict.result == .done && verdict.symbols.map(\.name) == ["FOUND"], "\(verdict)")
    }

    @Test(arguments: RouteCallTests.homes) func isNotThereWhereNobodyBuiltIt(_ home: FilterManifest.Home) throws {
        let body = "if (call->message->content) out->fail(out, text(\"there\")); return POSTERN_DONE;"
        #expect(try run(home, body) { _ in nil }.result == .done)
    }

    /// More parts than go through a ring, to several runs of one worker at once, and again when the first are over.
    @Test func manyPartsToManyFilters() throws {
        let plugins = try TestPlugins(.worker)
        try plugins.compile(
            """
            const postern_content *c = call->message->content;
            postern_part p = {.size = sizeof p}; postern_bytes b = {0, 0}; char t[64];
            if (!c || c->part(c, c->part_count - 1, &p) || call->host->view(call, p.decoded, &b)) return POSTERN_DONE;
            snprintf(t, sizeof t, "%u %.*s %llu", c->part_count, (int)p.path.length, (const char *)p.path.data,
                (unsigned long long)b.length);
            out->add_symbol(out, text("FOUND"), 1, text(t), 0, 0);
            return POSTERN_DONE;
            """, globals: "#include <stdio.h>",
            manifest: ["phases": #"["data"]"#, "homes": #"["worker"]"#, "needs": #"["parts"]"#])
        let small = message(plugins, needs: [.parts, .text, .urls])
        var large = small
        let content = try #require(small.content)
        large.content = MessageContent(
            built: content.built, regions: content.regions, parts: (0..<10_000).map { _ in content.parts[1] }, texts: content.texts)
        plugins.host.rescan()
        let instance = try plugins.host.instance(for: FilterSlot(name: "slot", plugin: "test"))
        for _ in 0..<2 {
            let events = (0..<8).map { index in
                let events = Events()
                var call = plugins.call(.data, "Subject: x\r\n\r\nAAAA")
                var message = index % 4 == 3 ? small : large
                message.content = message.content?.showing(.parts)
                call.message = message
                _ = instance.start(call, on: plugins.loop) { events.add($0) }
                return events
            }
            WorkerTests.wait(plugins) { events.allSatisfy { !$0.verdicts.isEmpty } }
            for (index, events) in events.enumerated() {
                let expected = index % 4 == 3 ? "3 1~1 300000" : "10000 1 300000"
                #expect(events.verdicts.first?.symbols.map(\.detail) == [expected], "\(events.verdicts)")
            }
        }
    }

    private static let odd: [(String, PartFlags)] = [
        ("BROKEN_HEADER", .brokenHeader), ("DUPLICATE_FIELD", .duplicateField), ("DUPLICATE_PARAMETER", .duplicateParameter),
        ("PARAMETER", .oddParameter), ("TYPE", .badType), ("ENCODING", .oddEncoding), ("BOUNDARY", .badBoundary), ("NO_PARTS", .noParts),
        ("UNCLOSED", .unclosed), ("BOUNDARY_LOOKALIKE", .boundaryLookalike), ("BASE64", .badBase64),
        ("QUOTED_PRINTABLE", .badQuotedPrintable), ("ENCODED_FILE", .badEncodedFile), ("HEADER_BYTES", .rawHeaderBytes), ("NUL", .nul),
        ("CHARSET", .badCharset), ("NAMES_DIFFER", .ambiguousName), ("NAME", .oddName), ("LIMIT", .limit), ("ENCRYPTED", .encrypted),
        ("SIGNED", .signed), ("TNEF", .tnef), ("PARTIAL", .partial), ("EXTERNAL_BODY", .externalBody), ("OUTSIDE_PARTS", .textOutsideParts),
        ("EMBEDDED", .embedded), ("TYPE_MISMATCH", .typeMismatch), ("ENCODED_WORD", .badEncodedWord), ("HEADER_SPLIT", .headerSplit),
        ("HIDDEN_TEXT", .hiddenText), ("ZERO_WIDTH", .zeroWidth), ("BIDI", .bidi), ("CONDITIONAL", .conditional), ("SCRIPT", .script),
        ("FORM", .form),
    ]
    private static let tricks: [(String, URLFlags)] = [
        ("USER_INFO", .userInfo), ("ADDRESS", .address), ("HIDDEN_ADDRESS", .hiddenAddress), ("ENCODED", .encoded), ("IDN", .idn),
        ("MALFORMED", .malformed), ("RELATIVE", .relative), ("TRUNCATED", .truncated), ("DISGUISED", .disguised), ("HIDDEN", .hidden),
    ]
    private static let sources: [(String, ContentURL.Source)] = [
        ("TEXT", .text), ("NAME", .name), ("DEFANGED", .defanged), ("LINK", .link), ("FETCH", .fetch), ("REFRESH", .refresh),
        ("HEADER", .header),
    ]
    private static let texts: [(String, ContentText.Source)] = [
        ("PLAIN", .plain), ("HTML", .html), ("HIDDEN", .hidden), ("SUBJECT", .subject),
    ]
    private static let kinds: [(String, ContentPart.Kind)] = [("LEAF", .leaf), ("MULTIPART", .multipart), ("MESSAGE", .message)]

    /// The gateway's numbers are the header's: each flag and source stands in both.
    @Test func theHeaderHasTheSameNumbers() throws {
        #expect(Self.odd.count == PartFlags.names.count && Self.tricks.count == URLFlags.names.count)
        let rows =
            Self.odd.map { ("ODD_" + $0, $1.rawValue) } + Self.tricks.map { ("URL_" + $0, UInt64($1.rawValue)) }
            + Self.sources.map { ("URL_" + $0, UInt64($1.rawValue)) } + Self.texts.map { ("TEXT_" + $0, UInt64($1.rawValue)) }
            + Self.kinds.map { ("PART_" + $0, UInt64($1.rawValue)) }
        let checks = rows.map { "_Static_assert(POSTERN_\($0) == \($1)u, \"\($0)\");" }.joined(separator: "\n")
        let plugins = try TestPlugins()
        try plugins.compile(checks + "\nreturn POSTERN_DONE;")
        let header = try String(contentsOfFile: TestPlugins.tree + "/SDK/CPostern/include/postern/content.h", encoding: .utf8)
        let defined = header.split(separator: "\n").count { $0.hasPrefix("#define POSTERN_") && $0.contains(/_(ODD|URL|TEXT|PART)_/) }
        #expect(defined == rows.count, "a number of the header that is not in the table")
    }

    @Test func aFilterSeesWhatItNeeds() throws {
        let content = message(try TestPlugins(), needs: [.parts, .text, .urls], large: false).content!
        let urls = content.showing(.urls)
        #expect(urls.built == .urls && urls.parts.count == 3 && urls.texts.isEmpty && urls.urls.count == 1)
        #expect(content.showing(.text).texts.count == 1 && content.showing(.text).urls.isEmpty)
        #expect(content.showing([.parts, .text, .urls]) === content)
    }
}
