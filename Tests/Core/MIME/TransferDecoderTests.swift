import MIME
import Mail
import Testing

/// Every decoder takes every byte, and says where it had to be tolerant.
@Suite struct TransferDecoderTests {
    private static func decoded(_ decoder: TransferDecoder, _ text: String) -> String {
        let (bytes, flags) = Array(text.utf8).withUnsafeBytes { decoder.decoded($0) }
        return String(decoding: bytes, as: UTF8.self) + (flags.isEmpty ? "" : "!")
    }

    @Test(arguments: [
        ("", ""), ("QUJD", "ABC"), ("QUI=", "AB"), ("QQ==", "A"), ("QUJD\r\nREVG\r\n", "ABCDEF"), ("Q\nU\tJ D", "ABC"),
        ("QUI", "AB!"), ("QQ", "A!"), ("Q", "!"), ("QQ=", "A!"), ("QUJD=", "ABC!"), ("=QUJD", "ABC!"), ("QUJDREVG====", "ABCDEF!"),
        ("Q-U-J-D", "ABC!"), ("QUJD#REVG", "ABCDEF!"), ("QQ==\r\n\r\n", "A"), ("QQ= =", "A"),
    ]) func base64(_ text: String, _ expected: String) { #expect(Self.decoded(.base64(.ends), text) == expected) }

    @Test(arguments: [
        ("QUI=Q0Q=", TransferDecoder.Base64Padding.ends, "AB!"), ("QUI=Q0Q=", .groups, "ABCD!"), ("QU=IQ0=Q", .fills, "ABCD!"),
        ("=QUI=Q0Q", .fills, "ABCD!"), ("QUJDR=kw", .zero, "ABCD\t0!"), ("QUI=", .groups, "AB"), ("QUI=", .fills, "AB"),
        ("QUI=", .zero, "AB"),
        ("QQ==", .zero, "A"), ("QQ=\nQg=\n", .groups, "AB!"), ("QUJD=\nREVG=", .groups, "ABCDEF!"), ("QUJD=\nREVG=", .ends, "ABC!"),
    ]) func base64Padding(_ text: String, _ padding: TransferDecoder.Base64Padding, _ expected: String) {
        #expect(Self.decoded(.base64(padding), text) == expected)
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("a=3Db", "a=b"), ("a=3db", "a=b"), ("a=\r\nb", "ab"), ("a= \t\r\nb", "ab"), ("a=\nb", "ab"),
        ("a \r\nb", "a\r\nb"),
        ("a\t \nb  ", "a\nb"), ("a=", "a"), ("a=20\r\n", "a \r\n"), ("a=XXb", "a=XXb!"), ("a==41", "a=A!"), ("a=4", "a=4!"),
        ("a=\rb", "ab!"),
    ]) func quotedPrintable(_ text: String, _ expected: String) { #expect(Self.decoded(.quotedPrintable, text) == expected) }

    @Test(arguments: [
        ("=X=41", TransferDecoder.quotedPrintableWithoutEquals, "XA!"), ("=XX=41", .quotedPrintableWithoutJunk, "A!"),
        ("==41", .quotedPrintableWithoutJunk, "A!"), ("=  =41", .quotedPrintableWithoutJunk, "A!"),
        ("=0=41", .quotedPrintableWithoutJunk, "A!"),
    ]) func quotedPrintableJunk(_ text: String, _ decoder: TransferDecoder, _ expected: String) {
        #expect(Self.decoded(decoder, text) == expected)
    }

    @Test(arguments: [
        ("begin 644 a.txt\n#04)#\n`\nend\n", "ABC"), ("#04)#\n", "ABC"), ("begin 644 a\n#04)#\n", "ABC!"), ("hello\n#04)#\n", "ABC!"),
        ("begin 644 a\n$04)#1 \n`\nend\nrest", "ABCD"), ("begin 644 a\n$04)#1\n`\nend\n", "ABCD"),
    ]) func uuencode(_ text: String, _ expected: String) { #expect(Self.decoded(.uuencode, text) == expected) }

    @Test(arguments: [
        ("=ybegin line=128 size=3 name=a\nklm\n=yend size=3\n", "ABC"), ("klm", "ABC!"),
        ("=ybegin part=1 line=1 size=3 name=a\n=ypart begin=1 end=3\nklm\n=yend\n", "ABC"),
        ("k=\u{2B}l\n=yend", "A\u{C1}B"),
    ]) func yenc(_ text: String, _ expected: String) {
        let (bytes, flags) = Array(text.utf8).withUnsafeBytes { TransferDecoder.yenc.decoded($0) }
        #expect(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })) + (flags.isEmpty ? "" : "!") == expected)
    }

    static let all: [TransferDecoder] =
        TransferDecoder.Base64Padding.allCases.map { .base64($0) } + [
            .identity, .quotedPrintable, .quotedPrintableWithoutEquals, .quotedPrintableWithoutJunk, .quotedPrintableWithLF, .uuencode,
            .yenc,
        ]

    /// Large, so that chunks end at every place; a sink that stops gets no more.
    @Test(arguments: all) func chunks(_ decoder: TransferDecoder) {
        var random = Seeded(7)
        let text = (0..<250_000).map { _ in UInt8(ascii: "A") + UInt8.random(in: 0..<26, using: &random) }
        var message: [UInt8] = []
        for (i, byte) in text.enumerated() {
            message.append(byte)
            if i % 61 == 60 { message += [13, 10] }
        }
        message.withUnsafeBytes { bytes in
            let whole = decoder.decoded(bytes).bytes
            var calls = 0
            var taken: [UInt8] = []
            _ = decoder.decode(bytes) { chunk in
                calls += 1
                #expect(chunk.count <= TransferDecoder.chunk && chunk.count > 0)
                taken += chunk
                return calls < 2
            }
            #expect(calls <= 2 && whole.starts(with: taken))
            #expect(whole.count <= bytes.count)
        }
    }

    /// What one encoder makes, whatever the bytes and the lines' length.
    @Test(arguments: 0..<3) func base64RoundTrip(_ seed: UInt64) {
        var random = Seeded(seed)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for count in [0, 1, 2, 3, 4, 57, 58, 1000, 70_000] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let line = Int.random(in: 1...100, using: &random)
            var text: [UInt8] = []
            var column = 0
            func put(_ byte: UInt8) {
                if column == line {
                    text += [13, 10]
                    column = 0
                }
                text.append(byte)
                column += 1
            }
            for start in stride(from: 0, to: count, by: 3) {
                let group = Array(bytes[start..<min(start + 3, count)])
                let word = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
                for place in 0..<4 { put(place <= group.count ? alphabet[word >> (18 - 6 * place) & 63] : 0x3D) }
            }
            for padding in TransferDecoder.Base64Padding.allCases {
                let (out, flags) = text.withUnsafeBytes { TransferDecoder.base64(padding).decoded($0) }
                #expect(out == bytes && flags.isEmpty, "\(count) bytes, lines of \(line), \(padding)")
            }
        }
    }

    /// Hostile bytes: something comes out, never more than could be in it.
    @Test(arguments: 0..<4) func anything(_ seed: UInt64) {
        var random = Seeded(seed)
        let pieces: [[UInt8]] = [
            "=", "==", "A", "QUJD", "\r\n", "\n", "\r", " ", "begin 644 x\n", "end\n", "=ybegin size=1 name=x\n", "=yend", "M", "\0", "é",
            "`",
        ].map {
            Array($0.utf8)
        }
        for _ in 0..<1500 {
            let text = (0..<Int.random(in: 0...40, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
            text.withUnsafeBytes { bytes in
                for decoder in Self.all {
                    // A line of uuencode may have lost the blanks that were its zeros.
                    #expect(decoder.decoded(bytes).bytes.count <= (decoder == .uuencode ? 2 * bytes.count + 3 : bytes.count))
                }
                _ = EmbeddedFile.find(in: bytes, most: 8)
            }
        }
    }
}
