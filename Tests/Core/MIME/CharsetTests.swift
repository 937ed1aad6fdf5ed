import Mail
import Testing

@testable import MIME

/// Charsets to UTF-8.
@Suite struct CharsetTests {
    @Test(
        arguments: [
            ("utf-8", [0xC3, 0xA4], "ä"), ("UTF8", [0xEF, 0xBB, 0xBF, 0x61], "a"), ("utf-8", [0x61, 0xFF, 0x62], "a\u{FFFD}b!"),
            ("utf-8", [0xC3], "\u{FFFD}!"), ("utf-8", [0xED, 0xA0, 0x80], "\u{FFFD}!"), ("utf-8", [0xC0, 0xAF], "\u{FFFD}!"),
            ("iso-8859-1", [0xE4, 0x80], "ä€"), ("windows-1252", [0x80], "€"), ("us-ascii", [0x61], "a"), ("us-ascii", [0xC3, 0xA4], "ä!"),
            ("us-ascii", [0xE4], "ä!"), ("\"latin1\"", [0xE4], "ä"), ("iso-8859-15", [0xA4], "€"), ("iso-8859-2", [0xB1], "ą"),
            ("koi8-r", [0xC1], "а"), ("windows-1251", [0xE0], "а"), ("cp850", [0x84], "ä"), ("cp437", [0x84], "ä"),
            ("macintosh", [0x8A], "ä"),
            ("x-mac-cyrillic", [0x80], "А"), ("gb2312", [0xC4, 0xE3], "你"), ("big5", [0xA7, 0x41], "你"), ("shift_jis", [0x82, 0xA0], "あ"),
            ("euc-jp", [0xA4, 0xA2], "あ"), ("iso-2022-jp", [0x1B, 0x24, 0x42, 0x24, 0x22, 0x1B, 0x28, 0x42], "あ"),
            ("euc-kr", [0xB0, 0xA1], "가"),
            ("ks_c_5601-1987", [0xB0, 0xA1], "가"), ("tis-620", [0xA1], "ก"), ("gbk", [0x61, 0xFF, 0x62], "a\u{FFFD}b!"),
            ("big5", [0xA7], "\u{FFFD}!"),
            ("utf-16", [0xFE, 0xFF, 0, 0x61], "a"), ("utf-16", [0xFF, 0xFE, 0x61, 0], "a"), ("utf-16", [0x61, 0, 0x62, 0], "ab"),
            ("utf-16", [0, 0x61], "a"),
            ("utf-16le", [0x3D, 0xD8, 0x00, 0xDE], "😀"), ("utf-16be", [0xD8, 0x3D], "\u{FFFD}!"),
            ("utf-16be", [0xDE, 0, 0, 0x61], "\u{FFFD}a!"),
            ("utf-32be", [0, 1, 0xF6, 0], "😀"), ("utf-32", [0, 0x11, 0, 0], "\u{FFFD}!"), ("utf-7", [0x2B, 0x41, 0x4F, 0x51, 0x2D], "ä"),
            ("hz-gb-2312", Array("a~{Dc:C~}~~b~\nc".utf8), "a你好~bc"), ("hz", Array("~{Dc\nDc".utf8), "你\nDc"),
            ("hz", Array("~x".utf8), "~x!"),
            ("hz", Array("~{D".utf8), "D!"), ("hz", [0x7E, 0x7B, 0xC4, 0xE3], "你!"),
            ("utf-7", [0x2B, 0x2D], "+"), ("utf-7", [0x61, 0x2B, 0x41, 0x2D], "a\u{FFFD}!"),
        ] as [(String, [UInt8], String)]) func rows(_ label: String, _ bytes: [UInt8], _ expected: String) throws
    {
        let (text, isBad) = try #require(Charset(label: label)).text(bytes)
        #expect(text + (isBad ? "!" : "") == expected)
    }

    @Test(arguments: [
        "", "iso-2022-cn-ext", "iso-2022-cn", "utf-8//translit", "../../x", "no-such-charset", String(repeating: "a", count: 1000),
    ])
    func unknown(_ label: String) { #expect(Charset(label: label) == nil) }

    /// Every name on our list is a charset of this system: ASCII in it can be read.
    @Test func allOfThem() throws {
        for name in CharsetLabels.all.sorted() {
            let charset = try #require(Charset(label: name.lowercased()), "\(name)")
            guard charset.isASCIICompatible else { continue }
            let (text, isBad) = charset.text(Array("Az09 ,.".utf8))
            #expect(text == "Az09 ,." && !isBad, "\(name)")
        }
    }

    /// Whatever the bytes are: valid UTF-8, in chunks, and not more of it than a few bytes for each.
    @Test(arguments: 0..<2) func anything(_ seed: UInt64) throws {
        var random = Seeded(seed)
        for name in CharsetLabels.all.sorted() {
            let charset = try #require(Charset(label: name.lowercased()))
            for count in [0, 1, 2, 3, 17, 300, 40_000] {
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                var out: [UInt8] = []
                bytes.withUnsafeBytes { bytes in
                    _ = charset.decode(bytes) { chunk in
                        #expect(chunk.count <= TransferDecoder.chunk)
                        out += chunk
                        return true
                    }
                }
                #expect(out.count <= 6 * count + 8, "\(name): \(count) bytes become \(out.count)")
                #expect(out.withUnsafeBytes { isUTF8($0, 0..<$0.count) }, "\(name)")
            }
        }
    }

    /// A character on the edge of a chunk is whole in what comes out.
    @Test func longText() throws {
        for label in ["shift_jis", "utf-16le", "utf-8", "gb18030", "iso-2022-jp"] {
            let piece: [UInt8] =
                switch label {
                case "shift_jis": [0x82, 0xA0]
                case "utf-16le": [0x42, 0x30]
                case "gb18030": [0xA4, 0xA2]
                case "iso-2022-jp": [0x24, 0x22]
                default: Array("あ".utf8)
                }
            var bytes = (0..<70_001).flatMap { _ in piece }
            if label == "iso-2022-jp" { bytes = [0x1B, 0x24, 0x42] + bytes + [0x1B, 0x28, 0x42] }
            let (text, isBad) = try #require(Charset(label: label)).text(bytes, most: .max)
            #expect(!isBad && text.unicodeScalars.count == 70_001 && Set(text).count == 1, "\(label)")
        }
    }
}
