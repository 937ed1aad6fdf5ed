import MIME
import Mail
import Testing

/// Edits change what they name, and no other byte.
@Suite struct HeaderEditTests {
    static func edited(_ message: [UInt8], _ edits: [HeaderEdit]) -> (bytes: [UInt8], refused: [HeaderEdit], pieces: [EditedHeader.Piece]) {
        message.withUnsafeBytes { bytes in
            let edited = EditedHeader(bytes, HeaderFields(bytes), edits: edits)
            let out = edited.pieces.flatMap { piece -> [UInt8] in
                switch piece {
                case .original(let range): Array(bytes[range])
                case .new(let new): new
                }
            }
            return (out, edited.refused, edited.pieces)
        }
    }

    private static let message = "Subject: one\r\nTo: a\r\n\tb\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"

    @Test(
        arguments: [
            ([], message),
            ([.insertTop(name: "A", value: "1"), .insertTop(name: "B", value: "2")], "A: 1\r\nB: 2\r\n" + message),
            ([.replace(field: "SUBJECT", nth: 1, value: "new")], "Subject: new\r\nTo: a\r\n\tb\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"),
            ([.replace(field: "subject", nth: 2, value: "new")], "Subject: one\r\nTo: a\r\n\tb\r\nsubject : new\r\nX:\r\n\r\nbody\r\n"),
            ([.replace(field: "to", nth: 1, value: "c")], "Subject: one\r\nTo: c\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"),
            ([.append(field: "To", nth: 1, text: ", c")], "Subject: one\r\nTo: a\r\n\tb, c\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"),
            ([.append(field: "x", nth: 1, text: " y")], "Subject: one\r\nTo: a\r\n\tb\r\nsubject : two\r\nX: y\r\n\r\nbody\r\n"),
            ([.delete(field: "To", nth: 1)], "Subject: one\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"),
            (
                [.delete(field: "To", nth: 1), .append(field: "To", nth: 1, text: "x")],
                "Subject: one\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"
            ),
            (
                [.insertAfter(field: "To", nth: 1, name: "Cc", value: "c")],
                "Subject: one\r\nTo: a\r\n\tb\r\nCc: c\r\nsubject : two\r\nX:\r\n\r\nbody\r\n"
            ),
            ([.insertTop(name: "A", value: "1\r\nB: 2\r\n\r\nbody\0")], "A: 1 B: 2  body \r\n" + message),
            ([.insertTop(name: "A", value: "1\r\n\t2")], "A: 1\r\n\t2\r\n" + message),
            ([.insertTop(name: "A", value: "1\n \n 2")], "A: 1  \r\n 2\r\n" + message),
        ] as [([HeaderEdit], String)]) func rows(_ edits: [HeaderEdit], _ expected: String)
    {
        let (bytes, refused, _) = Self.edited(Array(Self.message.utf8), edits)
        #expect(String(decoding: bytes, as: UTF8.self) == expected && refused.isEmpty)
    }

    @Test(arguments: [
        HeaderEdit.insertTop(name: "A b", value: ""), .insertTop(name: "", value: ""), .insertTop(name: "A:", value: ""),
        .insertTop(name: "A\r\nB", value: ""),
        .delete(field: "Subject", nth: 3), .delete(field: "Subject", nth: 0), .replace(field: "Y", nth: 1, value: ""),
        .append(field: "Y", nth: 1, text: ""), .insertAfter(field: "Y", nth: 1, name: "A", value: ""),
        .insertAfter(field: "To", nth: 1, name: "ä", value: ""),
    ]) func refused(_ edit: HeaderEdit) {
        let (bytes, refused, _) = Self.edited(Array(Self.message.utf8), [edit])
        #expect(refused == [edit] && bytes == Array(Self.message.utf8))
    }

    @Test func linesEndAsTheMessagesDo() {
        #expect(Self.edited(Array("A: b\n\nx".utf8), [.insertTop(name: "B", value: "c")]).bytes == Array("B: c\nA: b\n\nx".utf8))
        #expect(
            Self.edited(Array("A: b".utf8), [.insertAfter(field: "a", nth: 1, name: "B", value: "c")]).bytes
                == Array("A: b\r\nB: c\r\n".utf8))
    }

    /// A body without a header does not become more of a field.
    @Test func aboveABlank() {
        #expect(Self.edited(Array(" a\r\nb".utf8), [.insertTop(name: "A", value: "1")]).bytes == Array("A: 1\r\n\r\n a\r\nb".utf8))
        #expect(Self.edited(Array(" a\r\nb".utf8), []).bytes == Array(" a\r\nb".utf8))
    }

    /// A region of it is the same bytes.
    @Test func region() throws {
        let message = Array(Self.message.utf8)
        let region = Region(copying: message)
        let edits: [HeaderEdit] = [.insertTop(name: "A", value: "1"), .delete(field: "X", nth: 1)]
        let made = try EditedHeader(region.bytes, HeaderFields(region.bytes), edits: edits).region(of: region)
        #expect(Array(made.bytes) == Self.edited(message, edits).bytes)
    }

    /// Any header, any edits: original pieces in order, each once; what is missing of the message is what was replaced or deleted; read again, fields
    /// that no edit named are there with the same bytes, and the body is the same.
    @Test(arguments: 0..<8) func everyOtherByteIsAsItWas(_ seed: UInt64) {
        var random = Seeded(seed)
        let fields = [
            "A: 1\r\n", "B:\r\n", "A : 2\r\n\tfolded\r\n", "b: x\n", "C: \u{0}y\r\n", "Subject: z\r\n \r\n w\r\n", "no field\r\n",
        ]
        for _ in 0..<1500 {
            let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in fields.randomElement(using: &random)! }.joined()
            let message = Array((text + (Bool.random(using: &random) ? "\r\nbody\r\n.\r\n" : "")).utf8)
            let edits: [HeaderEdit] = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                let name = ["A", "b", "C", "Subject", "D"].randomElement(using: &random)!
                let nth = Int.random(in: 0...3, using: &random)
                return switch Int.random(in: 0..<5, using: &random) {
                case 0: .insertTop(name: "N", value: "v\r\nw")
                case 1: .insertAfter(field: name, nth: nth, name: "N", value: "v")
                case 2: .append(field: name, nth: nth, text: " more\n")
                case 3: .replace(field: name, nth: nth, value: "other")
                default: .delete(field: name, nth: nth)
                }
            }
            let (bytes, refused, pieces) = Self.edited(message, edits)
            var at = 0
            for case .original(let range) in pieces {
                #expect(range.lowerBound >= at && range.upperBound <= message.count && !range.isEmpty)
                at = range.upperBound
            }
            let before = message.withUnsafeBytes { HeaderFields($0) }
            let after = bytes.withUnsafeBytes { HeaderFields($0) }
            #expect(message[before.bodyStart...] == bytes[after.bodyStart...] || before.isMalformed || !message.contains(0x0A))
            let done = edits.filter { !refused.contains($0) }
            let named = Set(
                done.compactMap { edit -> String? in
                    switch edit {
                    case .append(let name, _, _), .replace(let name, _, _), .delete(let name, _): name.lowercased()
                    default: nil
                    }
                })
            func kept(_ header: HeaderFields, _ bytes: [UInt8]) -> [[UInt8]] {
                header.fields.filter { field in
                    let name = String(decoding: bytes[field.start..<field.nameEnd], as: UTF8.self).lowercased()
                    return name != "n" && !named.contains(name)
                }.map { Array(bytes[$0.start..<$0.end]) }
            }
            #expect(kept(before, message) == kept(after, bytes))
            if done.isEmpty { #expect(bytes == message) }
        }
    }
}
