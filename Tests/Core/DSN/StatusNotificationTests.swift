import Mail
import Testing

@testable import DSN

/// Whole DSNs: to the byte against files, and as a MIME parser that is not ours reads them.
struct StatusNotificationTests {
    @Test func `a failure, with all that was asked for`() throws {
        var message = Sample.message(to: ["bob@example.net", "carol@example.net"])
        message.dsn = DSNRequest(envelopeID: "QQ314159")
        message.recipients[0].originalRecipient = "rfc822;Bob+2BJoe@example.net"
        let composed = Sample.compose(message)
        #expect(try !Sample.differs(composed, from: "failed"))
        #expect(!composed.is8BitMIME && !composed.isSMTPUTF8)
        let found = try Sample.parsed(composed)
        #expect(
            found.filter { !$0.hasPrefix("text ") } == [
                "From: Mail delivery <postmaster@mx.gateway.example>", "To: anna@example.com",
                "Subject: Your message could not be delivered", "Auto-Submitted: auto-replied",
                "Message-ID: <\(Sample.id)@mx.gateway.example>", "report delivery-status", "type multipart/report", "type text/plain",
                "type message/delivery-status", "Original-Envelope-Id: QQ314159", "Reporting-MTA: dns; mx.gateway.example",
                "Arrival-Date: Sat, 21 Nov 2026 22:00:00 +0000",
                "Original-Recipient: rfc822; Bob+Joe@example.net", "Final-Recipient: rfc822; bob@example.net", "Action: failed",
                "Status: 5.1.1", "Remote-MTA: dns; mail.example.net", "Diagnostic-Code: smtp; 550 5.1.1 No such user here",
                "Last-Attempt-Date: Sun, 22 Nov 2026 02:10:00 +0000",
                "Final-Recipient: rfc822; carol@example.net", "Action: failed", "Status: 5.1.1", "Remote-MTA: dns; mail.example.net",
                "Diagnostic-Code: smtp; 550 5.1.1 No such user here", "Last-Attempt-Date: Sun, 22 Nov 2026 02:10:00 +0000",
                "type text/rfc822-headers",
            ])
        #expect(found.last == #"text 'From: anna@example.com\nSubject: a question\nMessage-ID: <1@example.com>\n'"#)
    }

    @Test func `a delay`() throws {
        let until = Sample.received + .seconds(15 * 86400)
        let composed = Sample.compose(Sample.message(to: ["bob@example.net"]), .delayed, Sample.silent, retriesUntil: until)
        #expect(try !Sample.differs(composed, from: "delayed"))
        let found = try Sample.parsed(composed)
        for line in [
            "Subject: Your message is delayed", "Action: delayed", "Status: 4.4.1", "Will-Retry-Until: Sun, 06 Dec 2026 22:00:00 +0000",
            "Diagnostic-Code: x-postern; connect to mail.example.net[192.0.2.1]:25: connection refused",
        ] { #expect(found.contains(line), "\(line) in \(found)") }
    }

    @Test func `a success that nobody else tells`() throws {
        let taken = DeliveryOutcome.delivered(Reply(ReplyStatus(250, 1, 5), "Ok", "queued"))
        let composed = Sample.compose(Sample.message(to: ["bob@example.net"]), .relayed, taken, nextHop: "192.0.2.1[192.0.2.1]:25")
        let found = try Sample.parsed(composed)
        for line in [
            "Subject: Your message was passed on", "Action: relayed", "Status: 2.1.5", "Remote-MTA: dns; [192.0.2.1]",
            "Diagnostic-Code: smtp; 250 2.1.5 Ok queued",
        ] { #expect(found.contains(line), "\(line) in \(found)") }
    }

    @Test func `RET=FULL brings all of a small message, after a failure only`() throws {
        var message = Sample.message(to: ["bob@example.net"])
        message.dsn.returned = .full
        let whole = try Sample.parsed(Sample.compose(message))
        #expect(whole.last?.hasSuffix(#"\n\nHow are you?\n'"#) == true && whole.contains("type message/rfc822"))
        #expect(try Sample.parsed(Sample.compose(message, .delayed, Sample.silent)).contains("type text/rfc822-headers"))
        var large = Sample.message(Sample.letter + String(repeating: "long\r\n", count: 20_000), to: ["bob@example.net"])
        large.dsn.returned = .full
        #expect(try Sample.parsed(Sample.compose(large)).contains("type text/rfc822-headers"))
    }

    @Test func `8-bit text comes back to those who can take it`() throws {
        var message = Sample.message(Sample.letter + "Grüße\r\n", to: ["bob@example.net"])
        message.dsn.returned = .full
        #expect(try Sample.parsed(Sample.compose(message)).contains("type text/rfc822-headers"))
        message.is8BitMIME = true
        let composed = Sample.compose(message)
        #expect(composed.is8BitMIME)
        #expect(try Sample.parsed(composed).contains("type message/rfc822"))
    }

    @Test func `addresses and headers in UTF-8 (RFC 6533)`() throws {
        var message = Sample.message("Subject: Größe\r\n\r\nx\r\n", to: ["jürgen@bücher.example"])
        message.isSMTPUTF8 = true
        message.recipients[0].originalRecipient = #"utf-8;j\x{FC}rgen@b\x{FC}cher.example"#
        let composed = Sample.compose(message, to: EmailAddress(localPart: "änne", domain: "example.com"))
        #expect(composed.isSMTPUTF8 && composed.is8BitMIME)
        #expect(try !Sample.differs(composed, from: "utf8"))
        let found = try Sample.parsed(composed)
        for line in [
            "report global-delivery-status", "type message/global-delivery-status", "type message/global-headers",
            "Original-Recipient: utf-8; jürgen@bücher.example", "Final-Recipient: utf-8; jürgen@bücher.example",
        ] { #expect(found.contains(line), "\(line) in \(found)") }
        #expect(Sample.text(composed).contains("To: <änne@example.com>\r\n"))

        // To a server of the old kind nothing beyond ASCII goes.
        message.isSMTPUTF8 = false
        let plain = Sample.compose(message)
        #expect(!plain.isSMTPUTF8 && !plain.is8BitMIME && plain.region.bytes.allSatisfy { $0 < 0x80 })
        let old = try Sample.parsed(plain)
        for line in [
            #"Original-Recipient: utf-8; j\x{FC}rgen@b\x{FC}cher.example"#, #"Final-Recipient: utf-8; j\x{FC}rgen@b\x{FC}cher.example"#,
            #"text 'Subject: Gr\xf6\xdfe\n'"#,
        ] { #expect(old.contains(line), "\(line) in \(old)") }
    }

    @Test func `without its body the message is told of all the same`() throws {
        var message = Sample.message(to: ["bob@example.net"])
        message.region = nil
        let found = try Sample.parsed(Sample.compose(message, .failed, Sample.silent, nextHop: "none"))
        #expect(found.filter { $0.hasPrefix("type ") } == ["type multipart/report", "type text/plain", "type message/delivery-status"])
        #expect(!found.contains { $0.hasPrefix("Remote-MTA") })
    }
}
