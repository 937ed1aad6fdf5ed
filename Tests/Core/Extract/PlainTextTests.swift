import Extract
import Testing

/// format=flowed undone, and charsets of pages.
@Suite struct PlainTextTests {
    @Test(arguments: [
        ("a \r\nb\r\nc\r\n", "a b\nc\n"), ("a\r\n", "a\n"), ("> a \r\n> b\r\nc", "> ab\nc".replacing("ab", with: "a b")),
        (">> a \r\n> b\r\n", ">> a \n> b\n"), (" From x\r\n", "From x\n"), ("-- \r\nme\r\n", "-- \nme\n"),
        ("a \r\n-- \r\nme\r\n", "a \n-- \nme\n"),
        ("a \n\nb\n", "a \nb\n"), ("http://a.com/ \r\nb", "http://a.com/ b"), ("", ""),
    ]) func flowed(_ text: String, _ whole: String) {
        #expect(String(decoding: FlowedText.unfolded(text.utf8, deletingSpaces: false), as: UTF8.self) == whole)
    }

    @Test func spacesDeleted() {
        #expect(String(decoding: FlowedText.unfolded("日 \r\n本\r\na  \r\nb".utf8, deletingSpaces: true), as: UTF8.self) == "日本\na b")
    }

    @Test(arguments: [
        ("<meta charset=UTF-8>", "", "utf-8"), ("<meta charset=x>", "Latin1", "latin1"), ("\u{FEFF}x", "koi8-r", "utf-8"),
        ("<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>", "", "windows-1251"),
        ("<META content=\"text/html;charset = 'koi8-r'\" http-equiv=content-type>", "", "koi8-r"),
        ("<meta content='text/html; charset=x'>", "", ""), ("<!-- <meta charset=a> --><meta charset=b>", "", "b"),
        ("<meta charset=utf-16>", "", "utf-8"),
        ("<?xml version='1.0' encoding='koi8-r'?>", "", "koi8-r"), ("", "", ""), ("<script><meta charset=a></script>", "", ""),
    ]) func charsets(_ page: String, _ declared: String, _ label: String) {
        Array(page.utf8).withUnsafeBytes { #expect(HTMLCharset.label($0, declared: declared) == label) }
    }

    @Test func charsetsByMarks() {
        [UInt8]([0xFF, 0xFE, 0x3C, 0]).withUnsafeBytes { #expect(HTMLCharset.label($0, declared: "utf-8") == "utf-16le") }
    }
}
