import MIME
import Mail
import Testing

/// What parts a message has, and what is odd about them.
@Suite struct MessageTreeTests {
    /// `path kind type` of each part, its names in brackets, its flags behind `!`; decoded text of leaves behind `=`.
    static func lines(_ text: String) -> [String] {
        let exploded = Exploded(Array(text.utf8))
        return exploded.tree.parts.map { part in
            let content = part.content
            var line = "\(content.path.isEmpty ? "." : content.path) \(content.declaredType)"
            if content.kind != .leaf { line += " \(content.kind)" }
            if !content.names.isEmpty { line += " [\(content.names.joined(separator: "|"))]" }
            let flags = PartFlags.names.filter { content.flags.contains($0.0) }.map(\.1)
            if !flags.isEmpty { line += " !\(flags.joined(separator: ","))" }
            if let leaf = exploded.leaves.first(where: { $0.part.path == content.path }) {
                line += " =\(String(decoding: leaf.bytes, as: UTF8.self))"
            }
            return line.replacing("\r\n", with: "/").replacing("\n", with: "/")
        }
    }

    @Test func plain() {
        #expect(Self.lines("Subject: x\r\n\r\nhello\r\n") == [". text/plain =hello/"])
        #expect(Self.lines("") == [". text/plain ="])
        #expect(Self.lines("\r\n") == [". text/plain ="])
        #expect(
            Self.lines("Content-Type: TEXT/HTML; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: BASE64\r\n\r\nYQ==") == [". text/html =a"])
    }

    @Test func nested() {
        let text = """
            Content-Type: multipart/mixed; boundary=a

            hint
            --a
            Content-Type: multipart/alternative; boundary="b b"

            --b b
            Content-Type: text/plain

            one
            --b b  \t
            Content-Type: text/html

            two
            --b b--
            --a
            Content-Type: application/x; name="f.bin"
            Content-Disposition: attachment; filename=f.bin
            Content-Transfer-Encoding: base64
            Content-ID: <id@x>

            QUJD
            --a
            Content-Type: message/rfc822

            Subject: inner
            Content-Type: multipart/mixed; boundary=c

            --c

            three
            --c--
            --a--
            """
        #expect(
            Self.lines(text) == [
                ". multipart/mixed multipart", "1 multipart/alternative multipart", "1.1 text/plain =one", "1.2 text/html =two",
                "2 application/x [f.bin] =ABC", "3 message/rfc822 message", "3.0 multipart/mixed multipart", "3.1 text/plain =three",
            ])
        let tree = Exploded(Array(text.utf8)).tree
        #expect(tree.gaps.isEmpty)
        #expect(tree.parts.map(\.content.parent) == [nil, 0, 1, 1, 0, 0, 5, 6])
        #expect(tree.parts[4].content.disposition == "attachment" && tree.parts[4].content.contentID == "id@x")
    }

    @Test func messagesNumberTheirParts() {
        #expect(
            Self.lines("Content-Type: message/rfc822\n\nSubject: x\n\nbody") == [". message/rfc822 message", "1 text/plain =body"])
        #expect(
            Self.lines("Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\nbody\n--a\nContent-Type: text/plain\n\ny\n--a--")
                == [
                    ". multipart/digest multipart", "1 message/rfc822 message", "1.1 text/plain =body", "2 text/plain =y",
                ])
    }

    /// What is encoded as a whole is taken apart when it is decoded.
    @Test func encodedMessage() {
        // "Content-Type: multipart/mixed; boundary=b", a part "x" of text/html.
        let inner = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n--b--\n"
        let hex = inner.utf8.map { "=" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: "=\n")
        let lines = Self.lines("Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n\(hex)\n")
        #expect(lines.contains("0 multipart/mixed multipart"))
        #expect(lines.contains("1 text/html =x"))
        #expect(lines[0].contains("!odd-encoding"))
    }

    @Test func embedded() {
        let text =
            "Subject: x\n\nlook:\nbegin 644 a.txt\n#04)#\n`\nend\nand\nbegin 600 b b.txt\n#04)#\nend\n=ybegin line=128 size=3 name=c d.bin\nklm\n=yend size=3\n"
        #expect(
            Self.lines(text).dropFirst() == [
                "/1 application/octet-stream [a.txt] !embedded =ABC", "/2 application/octet-stream [b b.txt] !embedded =ABC",
                "/3 application/octet-stream [c d.bin] !embedded =ABC",
            ])
        #expect(Self.lines("\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n")[0].contains("!encrypted,embedded"))
        #expect(Self.lines("\nbegin the day\nwith this\nbegin 1 x\n").count == 1)
        #expect(
            Self.lines("\n=ybegin part=1 total=2 line=128 size=6 name=x\n=ypart begin=1 end=3\nklm\n=yend size=3 part=1\n")[1].contains(
                "partial"))
    }

    @Test(arguments: [
        ("application/pkcs7-mime; smime-type=enveloped-data", "encrypted"), ("application/x-pkcs7-mime; name=smime.p7m", "encrypted"),
        ("application/pkcs7-mime; smime-type=signed-data", "signed"), ("application/octet-stream; name=\"x.p7m\"", "encrypted"),
        ("multipart/signed; boundary=a", "signed"), ("multipart/encrypted; boundary=a", "encrypted"), ("application/ms-tnef", "tnef"),
        ("application/octet-stream; name=winmail.dat", "tnef"), ("message/partial; number=2; total=2; id=x", "partial"),
        ("message/external-body; access-type=x", "external-body"),
    ]) func recognised(_ type: String, _ flag: String) {
        #expect(Self.lines("Content-Type: \(type)\n\nx\n--a\n\ny\n--a--\n")[0].contains("!\(flag)"))
    }

    /// A header, and what must be among the lines that come out.
    @Test(arguments: [
        // No closing boundary; none at all; not found.
        ("multipart/mixed; boundary=a", "--a\n\nx", ". multipart/mixed multipart !unclosed", "1 text/plain =x"),
        (
            "multipart/mixed", "--a\nContent-Type: text/html\n\nx\n--a--", ". multipart/mixed multipart !bad-boundary,no-parts",
            "~1.1 text/html =x"
        ),
        (
            "multipart/mixed; boundary=b", "--a\nContent-Type: text/html\n\nx\n--a--", ". multipart/mixed multipart !no-parts",
            "~1.1 text/html =x"
        ),
        (
            "multipart/mixed; boundary=\"\"", "x", ". multipart/mixed multipart !bad-boundary,no-parts",
            "~1 multipart/mixed =x"
        ),
        // The like of a boundary.
        ("multipart/mixed; boundary=a", "--a\n\nx\n--ab\n\ny\n--a--", "1 text/plain =x/--ab//y", "~1.2 text/plain =y"),
        ("multipart/mixed; boundary=a", "--a\n\nx\n--a--\n--a\n\ny\n--a--", "1 text/plain =x", "~1.2 text/plain =y"),
        ("multipart/mixed; boundary=a", "--a--x\n--a\n\ny\n--a--", "1 text/plain =y", "~1.1 text/plain =y"),
        ("multipart/mixed; boundary=\"a \"", "--a\n\nx\n--a  \n\ny\n--a--  ", "1 text/plain =x", "2 text/plain =y"),
        // Ways to write a boundary.
        ("multipart/mixed; boundary=(c)a", "--a\n\nx\n--a--", ". multipart/mixed multipart !odd-parameter", "1 text/plain =x"),
        ("multipart/mixed; boundary*=''%61", "--a\n\nx\n--a--", ". multipart/mixed multipart", "1 text/plain =x"),
        (
            "multipart/mixed; boundary*1=b; boundary*0=a", "--ab\n\nx\n--ab--", ". multipart/mixed multipart !odd-parameter",
            "1 text/plain =x"
        ),
        ("multipart/mixed; boundary=\"a\"b", "--a\n\nx\n--a--", ". multipart/mixed multipart !odd-parameter", "1 text/plain =x"),
        (
            "multipart/mixed; boundary=a; boundary=b", "--b\n\nx\n--b--", ". multipart/mixed multipart !duplicate-parameter,no-parts",
            "~1.1 text/plain =x"
        ),
        ("multipart/mixed boundary=a", "--a\n\nx\n--a--", ". multipart/mixed multipart !odd-parameter", "1 text/plain =x"),
        (
            "multipart/mixed; x=\"; boundary=a\"", "--a\n\nx\n--a--", ". multipart/mixed multipart !odd-parameter", "1 text/plain =x"
        ),
        // Types that only some take for multipart.
        ("multiparts/mixed; boundary=a", "--a\n\nx\n--a--", ". multiparts/mixed =--a//x/--a--", "~1.1 text/plain =x"),
        ("multipart/; boundary=a", "--a\n\nx\n--a--", ". multipart/mixed multipart !bad-type", "1 text/plain =x"),
        // Header fields.
        ("text/plain\nContent-Type: text/html", "x", ". text/plain !duplicate-field =x", "~1 text/html !duplicate-field =x"),
        (
            "text/plain\nno field\nContent-Transfer-Encoding: base64", "QQ==",
            ". text/plain !broken-header =no field/Content-Transfer-Encoding: base64//QQ==", "~1 text/plain !broken-header =A"
        ),
        (
            "text/plain\n \nContent-Transfer-Encoding: base64", "QQ==", ". text/plain !header-split =A",
            "~1 text/plain !header-split =Content-Transfer-Encoding: base64//QQ=="
        ),
        (
            "text/plain\n\nContent-Transfer-Encoding: base64", "QQ==",
            ". text/plain !header-split =Content-Transfer-Encoding: base64//QQ==", "~1 text/plain !header-split =A"
        ),
        (
            "text/plain\rContent-Transfer-Encoding: base64", "QQ==", ". text/plain !header-split =QQ==",
            "~1 text/plain =A"
        ),
        ("text/plain\nContent-Transfer-Encoding: base64, x", "QQ==", ". text/plain !odd-encoding =A", "~1 text/plain !odd-encoding =QQ=="),
        (
            "text/plain\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit", "QQ==", ". text/plain !duplicate-field =A",
            "~1 text/plain !duplicate-field =QQ=="
        ),
        ("text/plain\nContent-Transfer-Encoding: base64", "QQ==QQ==", ". text/plain !bad-base64 =A", "~1 text/plain !bad-base64 =AA"),
        (
            "multipart/mixed; boundary=a\nContent-Transfer-Encoding: base64", "LS1hCgp4Ci0tYS0t",
            ". multipart/mixed multipart !odd-encoding,no-parts", "~1.1 text/plain =x"
        ),
        ("text/plain\nX: \u{0}", "x", ". text/plain !nul =x", ". text/plain !nul =x"),
        ("text/plain", "a\u{0}b", ". text/plain !nul =a\u{0}b", ". text/plain !nul =a\u{0}b"),
    ]) func tolerated(_ type: String, _ body: String, _ first: String, _ among: String) {
        let lines = Self.lines("Content-Type: \(type)\n\n\(body)")
        #expect(lines[0] == first || lines.contains(first), "\(lines)")
        #expect(lines.contains(among), "\(lines)")
    }

    /// Ways to write a name.
    @Test(arguments: [
        ("name=a.zip", ["a.zip"]), ("name=\"a b.zip\"", ["a b.zip"]), ("name=a b.zip", ["a b.zip", "a"]), ("name=a(b).zip", ["a.zip"]),
        ("name = \"a.zip\"", ["a.zip"]), ("name='a.zip'", ["'a.zip'", "a.zip"]), ("name=\"a\\\".zip\"", ["a\".zip", "a.zip"]),
        ("name*=utf-8'en'%C3%A4.zip", ["ä.zip"]), ("name*0*=utf-8''%C3; name*1*=%A4; name*2=.zip", ["ä.zip"]),
        ("name*1=.zip; name*0=a", ["a.zip"]), ("name=b.png; name*=''a.zip", ["a.zip", "b.png"]),
        ("name=\"=?utf-8?q?=C3=A4.zip?=\"", ["ä.zip"]),
        ("name=a.png; name=a.zip", ["a.png", "a.zip"]), ("filename=a.zip", ["a.zip"]), ("name*=iso-8859-1''%E4", ["ä"]),
        ("name*=x'''a", ["'a"]),
        ("x=\"; name=a.zip\"", ["a.zip"]), ("name=\"a.zip", ["a.zip"]), ("name=", []),
    ]) func names(_ parameter: String, _ expected: [String]) {
        let names = Exploded(Array("Content-Type: a/b; \(parameter)\n\n".utf8)).tree.parts[0].content.names
        if expected.isEmpty { #expect(names.isEmpty) }
        for name in expected { #expect(names.contains(name), "\(names)") }
        #expect(expected.first == names.first)
    }

    /// Windows drops dots and blanks at the end: what it saves comes behind what was written.
    @Test(arguments: [
        ("name=a.exe.", ["a.exe.", "a.exe"], true), ("name=\"a.exe  \"", ["a.exe  ", "a.exe"], true),
        ("name=\"a.exe . .\"", ["a.exe . .", "a.exe"], true), ("name=\"...\"", ["..."], true), ("name=\" a..b\"", [" a..b"], false),
        ("name=b.png.; filename=a.exe.", ["b.png.", "a.exe.", "b.png", "a.exe"], true),
        ("name*=utf-8''a.exe%20", ["a.exe ", "a.exe"], true),
    ]) func namesAsSaved(_ parameter: String, _ expected: [String], _ isOdd: Bool) {
        let part = Exploded(Array("Content-Type: a/b; \(parameter)\n\n".utf8)).tree.parts[0].content
        #expect(part.names == expected)
        #expect(part.flags.contains(.oddName) == isOdd)
        #expect(part.flags.contains(.ambiguousName) == parameter.contains(";"))
    }

    @Test func namesAsSavedInText() {
        let parts = Exploded(Array("Content-Type: text/plain\n\nbegin 644 a.exe.\n#86)C\n`\nend\n".utf8)).tree.parts
        #expect(parts.last?.content.names == ["a.exe.", "a.exe"])
        #expect(parts.last?.content.flags.contains(.oddName) == true)
    }

    @Test func namesThatDiffer() {
        func flags(_ parameters: String) -> PartFlags {
            Exploded(Array("Content-Type: a/b; \(parameters)\n\n".utf8)).tree.parts[0].content.flags
        }
        #expect(flags("name=a.png; name*=''a.zip").contains(.ambiguousName))
        #expect(!flags("name=a.zip; name*=utf-8''%C3%A4.zip").contains(.ambiguousName))
        #expect(flags("name=\"a\u{202E}piz.exe\"").contains(.oddName))
        #expect(flags("name=../a").contains(.oddName))
        #expect(flags("name=a.zip").isEmpty)
    }

    @Test func flowed() {
        let part = Exploded(Array("Content-Type: text/plain; format=Flowed; delsp=yes; charset=UTF-8\n\n".utf8)).tree.parts[0]
        #expect(part.isFlowed && part.deletesSpaces && part.content.charset == "utf-8")
    }

    /// What mailboxes put above a message.
    @Test func mailboxLine() {
        #expect(Self.lines("From a@b Mon Jan 1\nContent-Type: text/html\n\nx") == [". text/html =x"])
    }
}
