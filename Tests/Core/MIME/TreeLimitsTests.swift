import MIME
import Mail
import Testing

/// Whatever a message is: bounded parts, bounded depth, steps linear in its size.
@Suite struct TreeLimitsTests {
    /// All that must be true of any tree; its parts.
    @discardableResult
    static func check(_ message: [UInt8], limits: TreeLimits = TreeLimits(), location: SourceLocation = #_sourceLocation) -> [MessageTree
        .Part]
    {
        let tree = message.withUnsafeBytes { MessageTree($0, limits: limits) }
        #expect(tree.steps <= 7 * message.count + 70_000, sourceLocation: location)
        #expect(tree.parts.count <= limits.parts && !tree.parts.isEmpty, sourceLocation: location)
        var paths: Set<String> = []
        for (i, part) in tree.parts.enumerated() {
            let content = part.content
            #expect(content.raw.range.lowerBound >= 0 && content.raw.range.upperBound <= message.count, sourceLocation: location)
            #expect(
                content.header.range.upperBound <= max(content.raw.range.lowerBound, content.header.range.lowerBound),
                sourceLocation: location)
            #expect(
                i == 0 ? content.parent == nil : content.parent.map { $0 < i } ?? (content.alternativeTo != nil), sourceLocation: location)
            #expect(content.alternativeTo.map { $0 < i } ?? true, sourceLocation: location)
            #expect(part.depth < limits.depth + 1, sourceLocation: location)
            #expect(content.names.count <= limits.names + 1, sourceLocation: location)
            #expect(content.gaps.isSuperset(of: content.flags.gaps), sourceLocation: location)
            #expect(paths.insert(content.path).inserted, "\(content.path)", sourceLocation: location)
        }
        #expect(tree.parts.count { $0.content.alternativeTo != nil } <= limits.readings, sourceLocation: location)
        return tree.parts
    }

    private static func has(_ parts: [MessageTree.Part], _ flag: PartFlags) -> Bool { parts.contains { $0.content.flags.contains(flag) } }

    @Test func manyParts() {
        var limits = TreeLimits()
        limits.parts = 500
        let text = "Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: "--b\n\nx\n", count: 5000) + "--b--\n"
        let parts = Self.check(Array(text.utf8), limits: limits)
        #expect(parts.count == 500 && parts[0].content.flags.contains(.limit) && parts[0].content.gaps.contains(.limitHit))
    }

    @Test func deep() {
        let multiparts = (0..<1000).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined() + "\nx\n"
        #expect(Self.has(Self.check(Array(multiparts.utf8)), .limit))
        let messages = String(repeating: "Content-Type: message/rfc822\n\n", count: 1000)
        let parts = Self.check(Array(messages.utf8))
        #expect(Self.has(parts, .limit) && parts.count <= 65)
        // One boundary for all of them.
        Self.check(Array((String(repeating: "Content-Type: multipart/mixed; boundary=b\n\n--b\n", count: 1000) + "--b--\n--b\n").utf8))
    }

    @Test func wide() {
        #expect(Self.has(Self.check(Array(String(repeating: "X: y\n", count: 12_000).utf8)), .limit))
        #expect(Self.has(Self.check(Array(String(repeating: "Content-Type: a/b\n", count: 12_000).utf8)), .limit))
        #expect(Self.has(Self.check(Array(("Content-Type: a/b; name=" + String(repeating: "x", count: 1 << 17)).utf8)), .limit))
        #expect(Self.has(Self.check(Array(("Content-Type: a/b" + (0..<100).map { "; name=a\($0)" }.joined()).utf8)), .limit))
        Self.check(Array(repeating: UInt8(ascii: "-"), count: 1 << 17))
        Self.check(Array(repeating: 0, count: 1 << 17))
        Self.check(Array(repeating: 0x0D, count: 1 << 17))
    }

    /// Every part asks for other readings.
    @Test func manyReadings() {
        let part = "--b\nContent-Type: text/plain\nContent-Type: multipart/mixed; boundary=\"c\"d; boundary=e\njunk\n\n--c\n--cx\n--e\n"
        let text = "Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: part, count: 400)
        let parts = Self.check(Array(text.utf8))
        #expect(Self.has(parts, .limit) && parts.count { $0.content.alternativeTo != nil } == 64)
    }

    private static let pieces: [[UInt8]] = [
        "Content-Type: ", "Content-Type: multipart/mixed; boundary=", "Content-Type: message/rfc822\n\n",
        "Content-Transfer-Encoding: base64\n",
        "Content-Transfer-Encoding: quoted-printable\n", "Content-Disposition: attachment; filename*0*=", "boundary", "b", "bb", "\"", "'",
        "(", ")",
        "\\", ";", "=", "*", "%41", "\n", "\r\n", "\r", "\n\n", " ", "\t", "--", "--b", "--bb", "--b--", "\n--b\n", "\n--bb\n", "\n--b--\n",
        "\0", "é", "=41",
        "QUJD", "==", "=?utf-8?q?", "?=", "begin 644 x\n", "#04)#\n", "end\n", "=ybegin size=1 name=x\n", "From x\n", "multipart/digest",
        "text/plain", ":", "\u{B}",
    ].map { Array($0.utf8) }

    /// Pieces of messages in every order.
    @Test(arguments: 0..<6) func anything(_ seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<400 {
            let message = (0..<Int.random(in: 0...60, using: &random)).flatMap { _ in Self.pieces.randomElement(using: &random)! }
            Self.check(message)
            _ = Exploded(message)
        }
    }

    /// A good message with some of its bytes changed, cut, or repeated.
    @Test(arguments: 0..<6) func changed(_ seed: UInt64) {
        var random = Seeded(seed)
        let good = Array(
            """
            From: a@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="=_b1"\r\n\r\nhint\r\n--=_b1\r\n\
            Content-Type: multipart/alternative; boundary="=_b2"\r\n\r\n--=_b2\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\
            Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 =\r\nau lait\r\n--=_b2\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--=_b2--\r\n\
            --=_b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?x?=\r\n\r\nbegin 644 a.txt\r\n#04)#\r\n`\r\nend\r\n--=_b1\r\n\
            Content-Type: application/zip; name*0*=utf-8''a%C3; name*1*=%A4.zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBBQAAgAIABFK\r\njkk8z1Fo\r\n\
            --=_b1--\r\n
            """.utf8)
        #expect(Self.check(good).count == 8)
        for _ in 0..<300 {
            var message = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<message.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: message[at] = UInt8.random(in: 0...255, using: &random)
                case 1: message.remove(at: at)
                case 2: message.insert(contentsOf: Self.pieces.randomElement(using: &random)!, at: at)
                default: message.insert(contentsOf: message[at..<min(message.count, at + Int.random(in: 1...80, using: &random))], at: at)
                }
                if message.isEmpty { message = [0] }
            }
            Self.check(message)
            _ = Exploded(message)
        }
    }
}
