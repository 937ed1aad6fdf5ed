import Mail
import Testing

@testable import SMTP

/// Parameters of MAIL and RCPT, and the commands of the extensions.
@Suite struct ParameterTests {
    private func parse(_ line: String, offersAUTH: Bool = false) -> Result<Command, CommandFault> {
        Array(line.utf8).withUnsafeBytes { bytes in
            do throws(CommandFault) { return .success(try CommandParser.parse(bytes, offersAUTH: offersAUTH)) } catch {
                return .failure(error)
            }
        }
    }

    private func envelope(_ line: String, offersAUTH: Bool = false) throws -> Envelope {
        guard case .success(.mail(let envelope)) = parse(line, offersAUTH: offersAUTH) else { throw CommandFault.unknown }
        return envelope
    }

    private func recipient(_ line: String) throws -> Recipient {
        guard case .success(.recipient(let recipient)) = parse(line) else { throw CommandFault.unknown }
        return recipient
    }

    @Test func mail() throws {
        let all = try envelope("MAIL FROM:<a@b.example> RET=full ENVID=a+2Bb+3Dc smtputf8 BODY=8BITMIME SIZE=7 AUTH=<>", offersAUTH: true)
        #expect(all.dsn == DSNRequest(returned: .full, envelopeID: "a+b=c"))
        #expect(all.isSMTPUTF8 && all.is8BitMIME && all.declaredSize == 7)
        #expect(try envelope("MAIL FROM:<a@b.example> RET=HDRS").dsn.returned == .headers)
        #expect(try envelope("MAIL FROM:<jörg@bücher.example> SMTPUTF8").reversePath.description == "jörg@bücher.example")
        #expect(try envelope("MAIL FROM:<\"jö rg\"@b.example> SMTPUTF8").reversePath.description == "\"jö rg\"@b.example")
        let faults: [(String, CommandFault)] = [
            ("AUTH=<>", .parameter), ("SMTPUTF8 SMTPUTF8", .parameterValue), ("SMTPUTF8X", .parameter), ("ENVID=a+2b", .parameterValue),
            ("ENVID=a+0D", .parameterValue), ("ENVID=" + String(repeating: "a", count: 101), .parameterValue), ("RET=", .parameterValue),
            ("RET=FULLY", .parameterValue), ("HOLDFOR=1", .parameter), ("ENVID", .parameter),
        ]
        for (parameter, fault) in faults { #expect(parse("MAIL FROM:<a@b.example> " + parameter) == .failure(fault), "\(parameter)") }
    }

    @Test func rcpt() throws {
        #expect(try recipient("RCPT TO:<a@b> NOTIFY=never").notify == NotifyConditions.never)
        #expect(try recipient("RCPT TO:<a@b> NOTIFY=DELAY,failure").notify == [.delay, .failure])
        #expect(try recipient("RCPT TO:<a@b>").notify == nil)
        #expect(try recipient("RCPT TO:<a@b> ORCPT=rfc822;x+2By@b NOTIFY=SUCCESS").originalRecipient == "rfc822;x+2By@b")
        #expect(try recipient("RCPT TO:<a@b> ORCPT=utf-8;jörg@b").originalRecipient == "utf-8;jörg@b")
        for parameter in [
            "NOTIFY=", "NOTIFY=NEVER,DELAY", "NOTIFY=DELAY,", "NOTIFY=DELAY NOTIFY=DELAY", "ORCPT=", "ORCPT=rfc822", "ORCPT=rfc822;",
            "ORCPT=;a", "ORCPT=rfc822;a+0A", "ORCPT=rfc822;" + String(repeating: "a", count: 500), "ORCPT=rfc822;jörg@b",
        ] {
            #expect(parse("RCPT TO:<a@b> " + parameter) == .failure(.parameterValue), "\(parameter)")
        }
        #expect(parse("RCPT TO:<a@b> SIZE=1") == .failure(.parameter))
    }

    @Test func labelsBeyondASCII() {
        for name in ["bücher.example", "例え.example", "пример.example", "xn--bcher-kva.example", "ไทย.example"] {
            #expect(EmailAddress(mailbox: "a@" + name) != nil, "\(name)")
        }
        // Dots of other scripts, full width letters, capitals, invisible characters, symbols, a label's hyphen.
        for name in ["a。b", "a．b", "ａ.b", "Ü.b", "a\u{200B}b.c", "a\u{AD}b.c", "☃.b", "-ü.b", "ü-.b", "ü..b"] {
            #expect(EmailAddress(mailbox: "a@" + name) == nil, "\(name)")
        }
    }

    @Test func otherCommands() {
        #expect(parse("BDAT 17") == .success(.chunk(size: 17, isLast: false)))
        #expect(parse("bdat 0  last") == .success(.chunk(size: 0, isLast: true)))
        #expect(parse("BDAT 99999999999999999999 LAST") == .success(.chunk(size: .max, isLast: true)))
        for text in [
            "BDAT", "BDAT LAST", "BDAT -1", "BDAT 1LAST", "BDAT 1 LASTLY", "BDAT 1 LAST 2", "BDAT 123456789012345678901", "BDAT 0x1",
        ] {
            #expect(parse(text) == .failure(.arguments(.bdat)), "\(text)")
        }
        #expect(parse("auth plain") == .success(.authenticate(mechanism: "PLAIN", initial: nil)))
        #expect(parse("AUTH PLAIN =") == .success(.authenticate(mechanism: "PLAIN", initial: [61])))
        for text in ["AUTH", "AUTH PLAIN a b", "AUTH " + String(repeating: "A", count: 21), "AUTH ?"] {
            #expect(parse(text) == .failure(.arguments(.auth)), "\(text)")
        }
        #expect(parse("LHLO c") == .success(.hello(name: "c", .lhlo)))
        #expect(
            parse("XCLIENT addr=192.0.2.1 NAME=a+2Db HELO=x LOGIN=anna PROTO=SMTP PORT=7 DESTADDR=1.1.1.1")
                == .success(
                    .client([.address(IPAddress("192.0.2.1")!), .name("a-b"), .helo("x"), .login("anna"), .isExtended(false), .port(7)])))
        for text in ["XCLIENT", "XCLIENT NAME", "XCLIENT COLOUR=red", "XCLIENT ADDR=x", "XCLIENT PROTO=LMTP", "XCLIENT NAME=+0D+0A"] {
            #expect(parse(text) == .failure(.arguments(.xclient)), "\(text)")
        }
        #expect(parse("VRFY jörg") == .success(.verify))
        #expect(parse("BURL imap://x") == .failure(.notImplemented))
    }

    @Test func xtextComesBack() {
        var random = Seeded(state: 9)
        for _ in 0..<500 {
            let text = String(decoding: (0..<Int(random.next() % 20)).map { _ in UInt8(random.next() % 95) + 32 }, as: UTF8.self)
            let encoded = Array(XText.encode(text).utf8)
            encoded.withUnsafeBytes {
                var cursor = ByteCursor($0)
                #expect(XText.decode(&cursor) == text && cursor.isAtEnd)
            }
        }
    }
}
