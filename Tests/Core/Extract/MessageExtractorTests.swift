import Foundation
import MIME
import Mail
import Testing

@testable import Extract

/// A message taken apart: decoded once, in regions, with text and URLs where they are needed.
struct MessageExtractorTests {
    private func content(_ text: String, _ needs: ContentNeeds = [.parts, .text, .urls], spool: (any BodySpool)? = nil) throws
        -> MessageContent
    {
        let region = Region(copying: Array(text.replacing("\n", with: "\r\n").utf8))
        return try MessageExtractor().content(of: region, needs: needs, spool: spool)
    }

    private func text(_ ref: ContentRef?, of content: MessageContent) -> String {
        ref.map { ref in withExtendedLifetime(content) { String(decoding: content.bytes(ref), as: UTF8.self) } } ?? "nothing"
    }

    private static let mixed = """
        Subject: =?utf-8?q?Caf=C3=A9_at_http://subject.example/?=
        List-Unsubscribe: <https://list.example/out>
        Received: from x.example
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=b

        --b
        Content-Type: text/plain; charset=iso-8859-1
        Content-Transfer-Encoding: quoted-printable

        Gr=FC=DFe von www.plain.example
        --b
        Content-Type: text/html; charset=utf-8

        <a href="/x">go</a><base href="http://base.example/"><p style="display:none">secret</p>
        --b
        Content-Type: application/octet-stream; name=a.bin
        Content-Transfer-Encoding: base64

        AAECAwQF
        --b--

        """

    @Test func partsTextAndURLs() throws {
        let content = try content(Self.mixed)
        #expect(content.parts.map(\.path) == ["", "1", "2", "3"])
        #expect(content.parts.map(\.kind) == [.multipart, .leaf, .leaf, .leaf])
        #expect(content.parts[3].names == ["a.bin"])
        #expect(content.bytes(try #require(content.parts[3].decoded)).elementsEqual([0, 1, 2, 3, 4, 5]))
        // sha256sum of the six bytes
        #expect(content.parts[3].sha256?.description == "17e88db187afd62c16e5debf3e6527cd006bc012bc90b51a810cd80c2d511f43")
        let texts = content.texts.map { (text($0.text, of: content), $0.source, $0.part) }
        #expect(texts.contains { $0 == ("Caf\u{E9} at http://subject.example/", .subject, 0) })
        #expect(texts.contains { $0.1 == .plain && $0.2 == 1 && $0.0.hasPrefix("Gr\u{FC}\u{DF}e von") })
        #expect(texts.contains { $0.1 == .html && $0.2 == 2 && $0.0.contains("go") && !$0.0.contains("secret") })
        #expect(texts.contains { $0.1 == .hidden && $0.2 == 2 && $0.0.contains("secret") })
        #expect(content.parts.map { $0.flags.contains(.hiddenText) } == [false, false, true, false])
        let urls = content.urls.map { [$0.canonical, "\($0.source)", "\($0.part)"] }
        #expect(urls.contains(["http://subject.example/", "header", "0"]))
        #expect(urls.contains(["https://list.example/out", "header", "0"]))
        #expect(urls.contains(["http://www.plain.example/", "name", "1"]))
        #expect(urls.contains(["http://base.example/x", "link", "2"]))
        #expect(
            !urls.contains { $0[0].contains("x.example/") && $0[1] == "header" && !$0[0].contains("list") && !$0[0].contains("subject") })
        for url in content.urls where url.source == .name { #expect(text(url.span, of: content) == "www.plain.example") }
    }

    @Test func nothingIsMadeThatNobodyNeeds() throws {
        let parts = try content(Self.mixed, [.parts])
        #expect(parts.built == .parts && parts.texts.isEmpty && parts.urls.isEmpty && parts.parts.count == 4)
        #expect(try content(Self.mixed, [.text]).urls.isEmpty)
        #expect(try content(Self.mixed, [.urls]).texts.isEmpty)
        // What was not encoded is not copied.
        let plain = try content("Subject: x\n\nhello", [.parts])
        #expect(plain.regions.count == 1 && plain.parts[0].decoded?.region == 0)
        #expect(text(plain.parts[0].decoded, of: plain) == "hello")
    }

    /// A message that is encoded as a whole is taken apart like any other.
    @Test func aMessageInBase64() throws {
        let inner = "Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nsee www.inner.example\r\n--i--\r\n"
        let encoded = Data(Array(inner.utf8)).base64EncodedString()
        let content = try content(
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\(encoded)\n")
        let leaf = try #require(content.parts.first { text($0.decoded, of: content).contains("see www.inner.example") && $0.parent != nil })
        #expect(leaf.kind == .leaf && leaf.declaredType == "text/plain")
        #expect(content.texts.contains { $0.source == .subject && text($0.text, of: content) == "inner" })
        #expect(content.urls.contains { $0.host == "www.inner.example" })
        for part in content.parts { if let parent = part.parent { #expect(parent < content.parts.count) } }
    }

    /// A reader of text that was in base64 finds the file that stands in it.
    @Test func aFileInsideEncodedText() throws {
        let text = "look:\r\nbegin 644 evil.exe\r\n#0V%T\r\n`\r\nend\r\n"
        let content = try content(
            "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n\(Data(text.utf8).base64EncodedString())\n")
        let file = try #require(content.parts.first { $0.names == ["evil.exe"] })
        #expect(file.parent == 0 && self.text(file.decoded, of: content) == "Cat")
    }

    /// What says to be BinHex and does not look like it holds a file all the same, or is flagged.
    @Test(arguments: ["7bit", "base64"]) func partsDeclaredAsBinHex(_ encoding: String) throws {
        let header = "Content-Type: application/mac-binhex40\nContent-Transfer-Encoding: \(encoding)\n\n"
        func content(_ text: String) throws -> MessageContent {
            try self.content(header + (encoding == "7bit" ? text : Data(text.utf8).base64EncodedString()) + "\n")
        }
        // No name, no length.
        let file = try content("a note\n:" + String(repeating: "!", count: 60) + ":\n")
        #expect(file.parts.contains { $0.transferEncoding == "binhex" })
        #expect(try content("a note\n").parts[0].flags.contains(.badEncodedFile))
    }

    /// Line ends in binary quoted-printable are CR LF on the way; readers on Unix make LF of them.
    @Test func lineEndsInBinaryQuotedPrintable() throws {
        let content = try content(
            "Content-Type: application/zip\nContent-Transfer-Encoding: quoted-printable\n\nPK=03=04\nab=00=\nc")
        let leaves = content.parts.filter { $0.kind == .leaf }.map { text($0.decoded, of: content) }
        #expect(leaves == ["PK\u{3}\u{4}\r\nab\0c", "PK\u{3}\u{4}\nab\0c"])
        #expect(content.gaps.contains(.malformed))
    }

    /// What a page is shown as ends in blanks that go when a block begins.
    @Test(arguments: [
        "<pre>x       <a href='http://a.example/'><div>y</div>",
        String(repeating: "x&nbsp;", count: 100) + "<a href=\"http://a.example/\"><div>y</div></a>",
        "<pre>x    <b>    <a href=http://a.example/><i><div>y</b></div></pre>",
    ]) func anchorsBehindBlanks(_ page: String) throws {
        let content = try content("Content-Type: text/html\n\n" + page)
        #expect(content.urls.map(\.host) == ["a.example"])
    }

    /// Clients that go by the declared type show what looks like a page as text, with a link in it.
    @Test func aPageThatIsDeclaredAsText() throws {
        let content = try content("Content-Type: text/plain\n\n<html>\n<!--\nsee https://evil.example/login\n-->")
        #expect(content.urls.contains { $0.canonical == "https://evil.example/login" })
        #expect(content.texts.contains { $0.source == .plain })
    }

    @Test func aPageByItsNameAlone() throws {
        let content = try content(
            "Content-Type: application/octet-stream; name=invoice.html\n\nHello<br><a href=\"https://evil.example/login\">x</a>")
        #expect(content.urls.contains { $0.canonical == "https://evil.example/login" && $0.source == .link })
    }

    /// One filter's needs do not decide what another is shown.
    @Test func filesInsideTextWhateverElseIsNeeded() throws {
        let text = Data("begin 644 evil.exe\r\n#0V%T\r\n`\r\nend\r\n".utf8).base64EncodedString()
        let content = try content("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n\(text)\n", [.parts])
        #expect(content.parts.contains { $0.names == ["evil.exe"] })
    }

    @Test func moreFilesInsideTextThanAreLookedFor() throws {
        let text = Data("begin x\r\nnothing\r\n".utf8).base64EncodedString()
        var message = "Content-Type: multipart/mixed; boundary=b\n"
        for _ in 0..<8 { message += "\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n\(text)\n" }
        let content = try content(message + "--b--\n", [.parts])
        #expect(content.parts.last { $0.kind == .leaf }?.gaps.contains(.limitHit) == true)
    }

    @Test func moreAddressesThanAreListed() throws {
        let content = try content("Content-Type: text/plain\n\n" + String(repeating: "http://a.example/\n", count: 10_001))
        #expect(content.urls.count == 10_000 && content.gaps.contains(.limitHit))
    }

    /// Each reading of a type is rendered.
    @Test func twoTypes() throws {
        let content = try content("Content-Type: text/plain\nContent-Type: text/html\n\n<p>a</p><a href=http://x.example/>b</a>")
        #expect(content.texts.contains { $0.source == .plain } && content.texts.contains { $0.source == .html })
    }

    @Test func manyParametersHideNoName() throws {
        let many = (0..<64).map { "a\($0)=1; " }.joined()
        let content = try content("Content-Disposition: attachment; \(many)filename*=utf-8''evil.exe\n\nx")
        #expect(content.parts[0].names == ["evil.exe"] || content.gaps.contains(.limitHit))
    }

    /// Each level encodes the one within: what is too deep is flagged, and time and memory stay in bounds.
    @Test func encodedAgainAndAgain() throws {
        var message = "Subject: deepest\r\n\r\nbottom"
        for _ in 0..<12 {
            message =
                "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                + Data(Array(message.utf8)).base64EncodedString() + "\r\n"
        }
        let content = try MessageExtractor().content(of: Region(copying: Array(message.utf8)), needs: [.parts, .text], spool: nil)
        #expect(content.parts.count > 4)
        #expect(content.gaps.contains(.limitHit))
    }

    @Test func whatIsLargeGoesToTheSpool() throws {
        let bytes = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let message = "Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\n\n" + Data(bytes).base64EncodedString()
        let spool = MemorySpool()
        let large = try content(message, spool: spool)
        #expect(spool.files == 1)
        #expect(large.bytes(try #require(large.parts[0].decoded)).elementsEqual(bytes))
        #expect(throws: StoreFailure.self) { try content(message, spool: MemorySpool(isFull: true)) }
    }

    /// Whatever the bytes are, refs stay within their regions.
    @Test func hostileBytes() throws {
        var random = SystemRandomNumberGenerator()
        var seeded = Seeded(state: random.next())
        let start = Array(Self.mixed.replacing("\n", with: "\r\n").utf8)
        for round in 0..<400 {
            var bytes = start
            for _ in 0..<(1 + round % 20) {
                let at = Int(seeded.next() % UInt64(bytes.count))
                switch seeded.next() % 4 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: seeded.next())
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: bytes[at..<min(at + 40, bytes.count)], at: at)
                default: bytes.insert(contentsOf: Array("\r\n--b\r\n".utf8), at: at)
                }
            }
            let content = try MessageExtractor().content(of: Region(copying: bytes), needs: [.parts, .text, .urls], spool: nil)
            let refs =
                content.parts.flatMap { [$0.header, $0.raw] + ($0.decoded.map { [$0] } ?? []) } + content.texts.map(\.text)
                + content.urls.map(\.span)
            for ref in refs {
                try #require(content.regions.indices.contains(ref.region), "seed \(seeded.first)")
                #expect(ref.range.upperBound <= content.regions[ref.region].count, "seed \(seeded.first)")
            }
            for text in content.texts {
                let isUTF8 = withExtendedLifetime(content) { String(validating: content.bytes(text.text), as: UTF8.self) != nil }
                #expect(isUTF8, "seed \(seeded.first)")
            }
        }
    }
}

/// SplitMix64; says what it began with.
private struct Seeded: RandomNumberGenerator {
    let first: UInt64
    private var state: UInt64
    init(state: UInt64) {
        first = state
        self.state = state
    }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Files in memory.
private final class MemorySpool: BodySpool, @unchecked Sendable {
    // One thread.
    private(set) var files = 0
    private let isFull: Bool
    init(isFull: Bool = false) { self.isFull = isFull }

    func makeFile() throws(StoreFailure) -> any SpoolFile {
        if isFull { throw StoreFailure(.full, "no space") }
        files += 1
        return File()
    }

    private final class File: SpoolFile, @unchecked Sendable {
        private var bytes: [UInt8] = []
        func append(_ more: UnsafeRawBufferPointer) throws(StoreFailure) { bytes.append(contentsOf: more) }
        func seal() throws(StoreFailure) -> Region { Region(copying: bytes) }
        func openReadOnly() -> Int32? { nil }
    }
}
