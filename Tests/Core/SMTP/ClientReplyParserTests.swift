import Mail
import Testing

@testable import SMTP

/// Rows of bytes and what they parse to, fed whole and in every split.
@Suite struct ClientReplyParserTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var bytes: String
        var replies: [Reply]
        var fault: String?
        var testDescription: String { String(bytes.prefix(40)).debugDescription }
    }

    static let rows = [
        Row(bytes: "250 ok\r\n", replies: [Reply(ReplyStatus(bare: 250), "ok")]),
        Row(bytes: "250 2.1.5 ok\r\n", replies: [Reply(ReplyStatus(250, 1, 5), "ok")]),
        Row(bytes: "250 2.1.5\r\n", replies: [Reply(ReplyStatus(250, 1, 5), "")]),
        Row(bytes: "550 5.7.26 no\r\n", replies: [Reply(ReplyStatus(550, 7, 26), "no")]),
        // Another class than the code's is text.
        Row(bytes: "450 5.1.1 odd\r\n", replies: [Reply(ReplyStatus(bare: 450), "5.1.1 odd")]),
        Row(bytes: "250 2.1.5x ok\r\n", replies: [Reply(ReplyStatus(bare: 250), "2.1.5x ok")]),
        Row(bytes: "250\r\n", replies: [Reply(ReplyStatus(bare: 250), "")]),
        Row(bytes: "250 ok\n", replies: [Reply(ReplyStatus(bare: 250), "ok")]),
        Row(
            bytes: "550-5.1.1 one\r\n550-5.1.1 two\r\n550 three\r\n",
            replies: [Reply(ReplyStatus(550, 1, 1), "one", "two", "three")]),
        Row(
            bytes: "250 a\r\n354 b\r\n421 4.3.2 c\r\n",
            replies: [Reply(ReplyStatus(bare: 250), "a"), Reply(ReplyStatus(bare: 354), "b"), Reply(ReplyStatus(421, 3, 2), "c")]),
        Row(bytes: "250 \u{1b}[2Jx\ty\r\n", replies: [Reply(ReplyStatus(bare: 250), "?[2Jx y")]),
        Row(bytes: "HTTP/1.1 400 Bad Request\r\n", replies: [], fault: "not an SMTP reply: HTTP/1.1 400 Bad Request"),
        Row(bytes: "\r\n", replies: [], fault: "not an SMTP reply: "),
        Row(bytes: "25 ok\r\n", replies: [], fault: "not an SMTP reply: 25 ok"),
        Row(bytes: "250_ok\r\n", replies: [], fault: "not an SMTP reply: 250_ok"),
        Row(bytes: "150 ok\r\n", replies: [], fault: "not an SMTP reply: 150 ok"),
        Row(bytes: "600 ok\r\n", replies: [], fault: "not an SMTP reply: 600 ok"),
        Row(bytes: "250-a\r\n550 b\r\n", replies: [], fault: "not an SMTP reply: 550 b"),
    ]

    private func feed(_ chunks: [[UInt8]]) -> ([Reply], String?) {
        var parser = ReplyParser()
        var replies: [Reply] = []
        for chunk in chunks {
            var consumed = 0
            while true {
                let result = chunk.withUnsafeBytes { parser.parse($0, consumed: &consumed) }
                if case .reply(let reply) = result {
                    replies.append(reply)
                    continue
                }
                if case .malformed(let why) = result { return (replies, why) }
                break
            }
        }
        return (replies, nil)
    }

    @Test(arguments: rows) func row(_ row: Row) {
        let bytes = Array(row.bytes.utf8)
        for cut in 0...bytes.count {
            let (replies, fault) = feed([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(replies == row.replies, "cut at \(cut)")
            #expect(fault == row.fault, "cut at \(cut)")
        }
        #expect(feed(bytes.map { [$0] }) == (row.replies, row.fault))
    }

    @Test func endlessLineIsBounded() {
        var parser = ReplyParser()
        let chunk = [UInt8](repeating: 50, count: 1000)
        var results: [ReplyParser.Result] = []
        for _ in 0..<4 {
            var consumed = 0
            results.append(chunk.withUnsafeBytes { parser.parse($0, consumed: &consumed) })
        }
        #expect(results[1] == .incomplete)
        #expect(results[3] == .malformed("a reply line of more than 2048 bytes"))
    }

    @Test func endlessReplyIsBounded() {
        var parser = ReplyParser()
        let line = Array("250-more\r\n".utf8)
        var lines = 0
        while lines < 1000 {
            var consumed = 0
            lines += 1
            if case .malformed(let why) = line.withUnsafeBytes({ parser.parse($0, consumed: &consumed) }) {
                #expect(why.hasPrefix("an endless reply"))
                break
            }
        }
        #expect(lines == ReplyParser.mostLines + 1)
    }

    @Test func saysWhetherAReplyHasBegun() {
        var parser = ReplyParser()
        #expect(!parser.isInsideReply)
        for (text, inside) in [("2", true), ("50-a\r\n", true), ("250 b\r\n", false)] {
            var consumed = 0
            _ = Array(text.utf8).withUnsafeBytes { parser.parse($0, consumed: &consumed) }
            #expect(parser.isInsideReply == inside)
        }
    }
}
