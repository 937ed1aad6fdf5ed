import GatewayTestKit
import MIME
import Mail
import Testing

/// mime-gmime: the same text in two charsets; a text and its quoted-printable; a message in three pieces. mime-postfix: a message within, encoded.
@Suite(.enabled(if: DataSet.isThere("mime-gmime") && DataSet.isThere("mime-postfix"), "no mime-gmime, mime-postfix in POSTERN_TESTDATA"))
struct GMimeDataSetTests {
    @Test(arguments: [
        ("cyrillic", "windows-1251", "cyrillic.cp1251"),
        ("cyrillic", "iso-8859-5", "cyrillic.iso-8859-5"),
        ("cyrillic", "koi8-r", "cyrillic.koi8-r"), ("japanese", "iso-2022-jp", "japanese.iso-2022-jp"),
        ("japanese", "shift_jis", "japanese.shift-jis"),
    ]) func charsets(_ language: String, _ label: String, _ file: String) throws {
        let bytes = try DataSet.bytes("mime-gmime/filters/\(file).txt")
        let expected = try DataSet.bytes("mime-gmime/filters/\(language).utf-8.txt")
        let (text, isBad) = try #require(Charset(label: label)).text(bytes, most: .max)
        #expect(!isBad && Array(text.utf8) == expected)
    }

    /// The Big5 text lacks what Big5 does not have.
    @Test func big5() throws {
        let bytes = try DataSet.bytes("mime-gmime/filters/chinese.big5.txt")
        let whole = try DataSet.bytes("mime-gmime/filters/chinese.utf-8.txt")
        let (text, isBad) = try #require(Charset(label: "big5")).text(bytes, most: .max)
        var rest = String(decoding: whole, as: UTF8.self).unicodeScalars[...]
        let isInOrder = text.unicodeScalars.allSatisfy { scalar in
            guard let at = rest.firstIndex(of: scalar) else { return false }
            rest = rest[rest.index(after: at)...]
            return true
        }
        #expect(!isBad && text.count > 600 && isInOrder)
    }

    @Test func quotedPrintable() throws {
        let encoded = try DataSet.bytes("mime-gmime/encodings/wikipedia.qp")
        let expected = try DataSet.bytes("mime-gmime/encodings/wikipedia.txt")
        let (bytes, flags) = encoded.withUnsafeBytes { TransferDecoder.quotedPrintable.decoded($0) }
        #expect(bytes == expected && flags.isEmpty)
    }

    /// A filter sees one piece at a time, so each is flagged, and the first is read as the message that it begins.
    @Test(arguments: 0..<3) func partial(_ number: Int) throws {
        let bytes = try DataSet.bytes("mime-gmime/partial/input/photo-discuss/message-partial.\(number).eml")
        let tree = Exploded(bytes).tree
        #expect(tree.parts[0].content.declaredType == "message/partial" && tree.parts[0].content.flags.contains(.partial))
        #expect(tree.gaps.contains(.truncated))
        #expect(tree.parts.contains { $0.content.path.hasPrefix("~1.") } == (number == 0))
    }

    @Test func armour() throws {
        for (file, flag) in [("encrypted-body", PartFlags.encrypted), ("signed-body", .signed)] {
            let bytes = try DataSet.bytes("mime-gmime/mime-part/\(file).txt")
            #expect(Exploded(Array("Content-Type: text/plain\r\n\r\n".utf8) + bytes).tree.parts[0].content.flags.contains(flag), "\(file)")
        }
    }

    @Test func encodedMessageWithin() throws {
        let bytes = try DataSet.bytes("mime-postfix/mime_garb1.in")
        let exploded = Exploded(bytes)
        let within = try #require(exploded.tree.parts.first { $0.content.declaredType == "message/rfc822" })
        #expect(within.content.flags.contains(.oddEncoding) && exploded.isFlagged)
        #expect(exploded.leaves.contains { String(decoding: $0.bytes, as: UTF8.self).hasPrefix("Blah") })
    }
}
