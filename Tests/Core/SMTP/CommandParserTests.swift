import Mail
import Testing

@testable import SMTP

@Suite struct CommandParserTests {
    private func parse(_ line: [UInt8]) -> Result<Command, CommandFault> {
        line.withUnsafeBytes { bytes in
            do throws(CommandFault) { return .success(try CommandParser.parse(bytes)) } catch { return .failure(error) }
        }
    }

    private func parse(_ line: String) -> Result<Command, CommandFault> { parse(Array(line.utf8)) }

    private func mail(_ text: String?, size: Int? = nil, is8Bit: Bool = false) -> Command {
        var envelope = Envelope(reversePath: text.map { .address(EmailAddress(unchecked: $0)!) } ?? .null)
        envelope.declaredSize = size
        envelope.is8BitMIME = is8Bit
        return .mail(envelope)
    }

    @Test func understood() {
        #expect(parse("EHLO client.example") == .success(.hello(name: "client.example", .ehlo)))
        #expect(parse("helo [IPv6:2001:db8::1]") == .success(.hello(name: "[IPv6:2001:db8::1]", .helo)))
        #expect(parse("EHLO host_name  ") == .success(.hello(name: "host_name", .ehlo)))
        #expect(parse("MAIL FROM:<>") == .success(mail(nil)))
        #expect(parse("mAIL fROM:<A.b+c@Example.ORG>") == .success(mail("A.b+c@example.org")))
        #expect(parse("MAIL FROM:<a@b> SIZE=17 BODY=8bitmime") == .success(mail("a@b", size: 17, is8Bit: true)))
        #expect(parse("MAIL FROM:<a@b> BODY=7BIT") == .success(mail("a@b")))
        #expect(parse("MAIL FROM:<a@b> SIZE=99999999999999999999") == .success(mail("a@b", size: .max)))
        #expect(
            parse("RCPT TO:<\"a b\\\"c\"@d.example>")
                == .success(.recipient(Recipient(address: EmailAddress(localPart: "\"a b\\\"c\"", domain: "d.example")))))
        #expect(
            parse("RCPT TO:<a@[192.0.2.1]>")
                == .success(.recipient(Recipient(address: EmailAddress(localPart: "a", domain: "[192.0.2.1]")))))
        #expect(
            parse("RCPT TO:<a@[IPv6:::1]>") == .success(.recipient(Recipient(address: EmailAddress(localPart: "a", domain: "[ipv6:::1]")))))
        #expect(
            parse("RCPT TO:<@one.example,@two:a@b.example>")
                == .success(.recipient(Recipient(address: EmailAddress(localPart: "a", domain: "b.example")))))
        #expect(
            parse("RCPT TO:<PostMaster>") == .success(.recipient(Recipient(address: EmailAddress(localPart: "PostMaster", domain: "")))))
        #expect(parse("DATA ") == .success(.data))
        #expect(parse("NOOP anything at all") == .success(.noop))
        #expect(parse("VRFY user") == .success(.verify))
        #expect(parse("starttls") == .success(.startTLS))
    }

    @Test func refused() {
        let rows: [(String, CommandFault)] = [
            ("", .unknown), (" ", .unknown), ("NOOPE", .unknown), ("GET / HTTP/1.1", .unknown),
            ("EXPN x", .notImplemented),
            ("TURN", .notImplemented), ("ETRN x", .notImplemented), ("EHLO", .arguments(.ehlo)), ("EHLO a b", .arguments(.ehlo)),
            ("EHLO (x)", .arguments(.ehlo)), ("QUIT now", .arguments(.quit)), ("VRFY", .arguments(.vrfy)),
            ("STARTTLS x", .arguments(.startTLS)),
            ("MAIL", .arguments(.mail)), ("MAIL FROM", .arguments(.mail)), ("RCPT FROM:<a@b>", .arguments(.rcpt)), ("MAIL FROM:", .sender),
            ("MAIL FROM:a@b", .sender), ("MAIL FROM:<a@b", .sender), ("MAIL FROM:<a@b>SIZE=3", .sender), ("MAIL FROM:<a>", .sender),
            ("MAIL FROM:<postmaster>", .sender), ("MAIL FROM:<a@b.>", .sender), ("MAIL FROM:<a..b@c>", .sender),
            ("MAIL FROM:<.a@c>", .sender),
            ("MAIL FROM:<a.@c>", .sender), ("MAIL FROM:<a@-c>", .sender), ("MAIL FROM:<a@c->", .sender), ("MAIL FROM:<a@b..c>", .sender),
            ("MAIL FROM:<a b@c>", .sender), ("MAIL FROM:<\"a@c>", .sender), ("MAIL FROM:<\"a\"b@c>", .sender),
            ("MAIL FROM:<a@b@c>", .sender),
            ("MAIL FROM:<a@[1.2.3]>", .sender), ("MAIL FROM:<a@[IPv6:1.2.3.4]>", .sender), ("MAIL FROM:<a@[::1]>", .sender),
            ("MAIL FROM:<a@[x:y]>", .sender), ("MAIL FROM:<@a>", .sender), ("MAIL FROM:<@a:>", .sender), ("MAIL FROM:<<a@b>>", .sender),
            ("RCPT TO:<>", .recipient), ("RCPT TO:<user>", .recipient), ("RCPT TO:<a@b> X=1", .parameter),
            ("MAIL FROM:<a@b> X", .parameter), ("MAIL FROM:<a@b> SIZE", .parameter), ("MAIL FROM:<a@b> SIZE=", .parameterValue),
            ("MAIL FROM:<a@b> SIZE=1x", .parameterValue), ("MAIL FROM:<a@b> SIZE=1 SIZE=1", .parameterValue),
            ("MAIL FROM:<a@b> SIZE=111111111111111111111", .parameterValue), ("MAIL FROM:<a@b> BODY=9BIT", .parameterValue),
            ("MAIL FROM:<a@b> BODY=7BITS", .parameterValue), ("MAIL FROM:<a@b> BODY=7BIT BODY=7BIT", .parameterValue),
            ("MAIL FROM:<jö@b.example>", .internationalAddress), ("EHLO ö", .characters), ("ÖÖÖÖ", .characters), ("NOOP\t", .characters),
            ("MAIL FROM:<a\u{7F}@b>", .characters), ("QUIT\r", .characters), ("\0", .characters),
        ]
        for (line, fault) in rows { #expect(parse(line) == .failure(fault), "\(line)") }
    }

    @Test func lengths() {
        func n(_ count: Int, _ character: String = "a") -> String { String(repeating: character, count: count) }
        func accepts(_ path: String) -> Bool { if case .success = parse("RCPT TO:" + path) { true } else { false } }
        #expect(accepts("<\(n(64))@b>"))
        #expect(!accepts("<\(n(65))@b>"))
        #expect(accepts("<a@\(n(63)).b>"))
        #expect(!accepts("<a@\(n(64)).b>"))
        let domain = (0..<4).map { _ in n(60) }.joined(separator: ".")
        #expect(accepts("<\(n(256 - 3 - domain.count))@\(domain)>"))
        #expect(!accepts("<\(n(257 - 3 - domain.count))@\(domain)>"))
        #expect(EmailAddress(mailbox: "a@\(n(63)).\(n(63)).\(n(63)).\(n(63))") != nil)
        #expect(EmailAddress(mailbox: "a@\(n(63)).\(n(63)).\(n(63)).\(n(62)).b") == nil)
        #expect(EmailAddress(mailbox: "a@b ") == nil)
    }
}
