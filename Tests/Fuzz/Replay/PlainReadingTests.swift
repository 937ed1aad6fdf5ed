import Testing

@testable import FuzzTargets

/// The second reading must itself be right, or the targets compare with nonsense.
@Suite struct PlainReadingTests {
    @Test func ends() {
        let rows: [(String, Int?)] = [
            (".\r\n", 3), ("a\r\n.\r\nb", 6), ("a\n.\r\n", nil), ("a\r\n.\n", nil), ("\r\r\n.\r\n", 6), ("..\r\n", nil),
            ("\r\n.\r.\r\n", nil),
            ("\r\n.\r\r\n.\r\n", 9), ("\r\n\r\n.\r\n", 7),
        ]
        for (stream, end) in rows { #expect(PlainReading.end(of: Array(stream.utf8)[...]) == end, "\(stream.debugDescription)") }
    }

    @Test func contents() {
        #expect(PlainReading.content(Array("..a\r\n.b\r\nc.\r\n\n.d\r\n.\r\n".utf8)[...]) == Array(".a\r\nb\r\nc.\r\n\n.d\r\n".utf8))
        #expect(PlainReading.normalized(Array("a\rb\nc\r\nd\r\r\ne\n\r".utf8)) == Array("a\r\nb\r\nc\r\nd\r\n\r\ne\r\n\r\n".utf8))
        for text in ["a\rb", "a\nb", "\n", "\r", "a\r\r\n"] {
            #expect(PlainReading.hasBareLineEnd(Array(text.utf8)), "\(text.debugDescription)")
        }
        #expect(!PlainReading.hasBareLineEnd(Array("a\r\n\r\n".utf8)))
        for text in ["a\n.\nb", "a\r.\rb", ".\n", "a\r\n.\r\n", "a\n.\r\n"] {
            #expect(PlainReading.hasLenientEnd(Array(text.utf8)), "\(text.debugDescription)")
        }
        #expect(!PlainReading.hasLenientEnd(Array("a\r\n..\r\n. \r\nb.\r\n".utf8)))
    }
}
