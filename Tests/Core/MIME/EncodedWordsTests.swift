import MIME
import Mail
import Testing

/// RFC 2047, and what mail programs make of words that break it.
@Suite struct EncodedWordsTests {
    private static func decoded(_ text: String) -> String {
        let (text, flags) = EncodedWords.decode(text.utf8)
        return text + (flags.isEmpty ? "" : "!")
    }

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("=?utf-8?Q?a_b=C3=A4?=", "a bä"), ("=?UTF-8?b?w6Q=?=", "ä"), ("=?iso-8859-1?q?=E4?=", "ä"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"), ("=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"), ("=?utf-8?q?a?=  \t=?iso-8859-1?q?b?=", "ab"),
        // Split in the middle of a character.
        ("=?utf-8?b?w6TD?= =?utf-8?b?pA==?=", "ää"), ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        // RFC 2231's language.
        ("=?utf-8*de?q?a?=", "a"),
        // Without blanks around them.
        ("x=?utf-8?q?a?=y", "xay!"), ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"), ("(=?utf-8?q?a?=)", "(a)"),
        // Blanks inside, padding gone, no end.
        ("=?utf-8?q?a b?=", "a b!"), ("=?utf-8?b?w6Q?=", "ä!"), ("=?utf-8?q?abc", "abc!"), ("=?utf-8?q?=4?=", "=4!"),
        ("=?no-such?q?a=62c?=", "abc!"), ("=?utf-8?x?a?=", "=?utf-8?x?a?="), ("=?", "=?"), ("=?=?utf-8?q?a?=", "=?a!"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?q??=41?=", "?A"), ("=?utf-16?b?AGEAYg==?=", "ab"), ("=?utf-7?q?+AOQ-?=", "ä"), ("=?iso-2022-jp?b?GyRCJCIbKEI=?=", "あ"),
        ("=?gb2312?b?xOO6ww==?=", "你好"), ("ä", "ä"),
    ]) func rows(_ text: String, _ expected: String) { #expect(Self.decoded(text) == expected) }

    @Test func rawBytes() {
        let (text, flags) = EncodedWords.decode([0xE4, 0x62])
        #expect(text == "äb" && flags == .rawHeaderBytes)
    }

    @Test(arguments: 0..<4) func anything(_ seed: UInt64) {
        var random = Seeded(seed)
        let pieces: [[UInt8]] = [
            "=?", "?=", "?", "=", "utf-8", "q", "b", " ", "\t", "QUJD", "=C3", "\0", "é", "iso-2022-jp", "utf-7", "+A", "\u{1B}$B",
        ].map {
            Array($0.utf8)
        }
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...30, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
            #expect(EncodedWords.decode(text).text.utf8.count <= 3 * text.count)
        }
        #expect(EncodedWords.decode(Array(repeating: UInt8(ascii: "="), count: 1 << 20)).text.utf8.count == EncodedWords.most)
    }
}
