import Mail
import Testing

@testable import SMTP

/// Dialogues of the client machine; no socket.
@Suite struct ClientMachineTests {
    static let one = ClientTransaction(
        reversePath: .address(EmailAddress(localPart: "a", domain: "s.example")),
        recipients: [EmailAddress(localPart: "r", domain: "d.example")],
        size: 100, is8BitMIME: true)
    static let three = ClientTransaction(
        reversePath: .null, recipients: ["r1", "r2", "r3"].map { EmailAddress(localPart: $0, domain: "d.example") }, size: 100)

    private func run(
        _ transactions: ClientTransaction..., tls: NextHop.TLSMode = .opportunistic, server: String...
    ) -> [String] {
        var machine = ClientMachine(hostname: "us.example", tls: tls)
        return clientDialogue(&machine, transactions, server: server)
    }

    static let pipelining = "250-hop|250-PIPELINING|250-SIZE 1000|250 8BITMIME"

    @Test func plainTransaction() {
        let log = run(Self.one, server: "220 hi", "250 hop", "250 ok", "250 ok", "354 go", "250 taken", "[quit]", "221 bye")
        #expect(
            log == [
                "C: EHLO us.example", "[ready]", "C: MAIL FROM:<a@s.example>", "C: RCPT TO:<r@d.example>", "C: DATA", "[message]",
                "[delivered 250]", "C: QUIT", "[close]",
            ])
    }

    @Test func heloWhenEhloIsRefused() {
        let log = run(Self.one, server: "220 hi", "502 what", "250 hop")
        #expect(log == ["C: EHLO us.example", "C: HELO us.example", "[ready]", "C: MAIL FROM:<a@s.example>"])
    }

    @Test func pipelinedTransactionsOnOneConnection() {
        let log = run(
            Self.one, Self.three, server: "220 hi", Self.pipelining, "250 ok", "250 ok", "354 go", "250 taken", "250 ok", "250 ok",
            "450 later", "550 no", "354 go", "250 taken")
        #expect(
            log == [
                "C: EHLO us.example", "[ready]", "C: MAIL FROM:<a@s.example> SIZE=100 BODY=8BITMIME|RCPT TO:<r@d.example>|DATA",
                "[message]", "[delivered 250]",
                "C: MAIL FROM:<> SIZE=100|RCPT TO:<r1@d.example>|RCPT TO:<r2@d.example>|RCPT TO:<r3@d.example>|DATA", "[message]",
                "[delivered 250, deferred 450, bounced 550]",
            ])
    }

    @Test func loneDotWhenDataIsTakenForNobody() {
        let log = run(Self.one, Self.one, server: "220 hi", Self.pipelining, "250 ok", "550 no", "354 go", "554 nobody")
        #expect(log.suffix(3).dropLast() == ["C: .", "[bounced 550]"])
        #expect(log.last == "C: MAIL FROM:<a@s.example> SIZE=100 BODY=8BITMIME|RCPT TO:<r@d.example>|DATA")
    }

    @Test func refusedMailIsEverybodysOutcomeAndRSETComesBeforeTheNext() {
        let log = run(
            Self.three, Self.one, server: "220 hi", Self.pipelining, "451 not now", "503 no", "503 no", "503 no", "503 no", "250 reset")
        #expect(log[3] == "[deferred 451 fault, deferred 451 fault, deferred 451 fault]")
        #expect(log.last == "C: RSET|MAIL FROM:<a@s.example> SIZE=100 BODY=8BITMIME|RCPT TO:<r@d.example>|DATA")
        let plain = run(Self.one, Self.one, server: "220 hi", "250 hop", "550 no", "250 reset")
        #expect(plain.suffix(3) == ["[bounced 550]", "C: RSET", "C: MAIL FROM:<a@s.example>"])
    }

    @Test func mailRefusedButDataTakenIsNoPlaceForADot() {
        let log = run(Self.one, server: "220 hi", Self.pipelining, "550 no", "250 ok", "354 go")
        #expect(log.last == "[bounced 550; close]")
    }

    @Test func withoutPipeliningNoDATAForNobody() {
        let log = run(Self.three, server: "220 hi", "250 hop", "250 ok", "450 a", "550 b", "451 c")
        #expect(log.last == "[deferred 450, bounced 550, deferred 451]")
    }

    @Test func dataRefused() {
        #expect(
            run(Self.three, server: "220 hi", Self.pipelining, "250 ok", "250 ok", "550 b", "250 ok", "452 full").last
                == "[deferred 452 fault, bounced 550, deferred 452 fault]")
    }

    @Test func endOfDataRefused() {
        let start = ["220 hi", Self.pipelining, "250 ok", "250 ok", "550 b", "250 ok", "354 go"]
        for (reply, expected) in [
            ("451 later", "[deferred 451, bounced 550, deferred 451]"), ("554 spam", "[bounced 554, bounced 550, bounced 554]"),
            ("421 bye", "[deferred 421 fault, bounced 550, deferred 421 fault; close]"),
            ("[lost]", "[deferred -, bounced 550, deferred -; close]"),
            ("354 what", "[deferred -, bounced 550, deferred -; close]"),
        ] {
            var machine = ClientMachine(hostname: "us.example", tls: .never)
            #expect(clientDialogue(&machine, [Self.three], server: start + [reply]).last == expected)
        }
    }

    @Test func everyStageMayFail() {
        for (server, expected) in [
            (["554 no service"], "[failed: 554 no service (in reply to connect)]"),
            (["421 4.3.2 busy"], "[failed: 421 4.3.2 busy (in reply to connect)]"),
            (["250 odd"], "[failed: 250 odd (in reply to connect)]"),
            (["[lost]"], "[failed: cut off (waiting for the reply to connect)]"),
            (["220 hi", "450 no"], "[failed: 450 no (in reply to EHLO)]"),
            (["220 hi", "502 no", "502 no"], "[failed: 502 no (in reply to HELO)]"),
            (["220 hi", "250 hop", "354 what"], "[deferred - fault; close]"),
            (["220 hi", "250 hop", "250 ok", "354 what"], "[deferred - fault; close]"),
            (["220 hi", "250 hop", "250 ok", "250 ok", "250 what"], "[deferred - fault; close]"),
            (["220 hi", "250 hop", "421 bye"], "[deferred 421 fault; close]"),
        ] {
            var machine = ClientMachine(hostname: "us.example", tls: .never)
            #expect(clientDialogue(&machine, [Self.one], server: server).last == expected, "\(server)")
        }
    }

    @Test func startTLSAndEHLOAgain() {
        let log = run(Self.one, server: "220 hi", "250-hop|250-SIZE 5|250 STARTTLS", "220 go", "250-hop|250 STARTTLS")
        #expect(
            log == ["C: EHLO us.example", "C: STARTTLS", "[tls]", "C: EHLO us.example", "[ready]", "C: MAIL FROM:<a@s.example>"])
    }

    @Test func tlsModes() {
        let offered = "250-hop|250 STARTTLS"
        #expect(run(Self.one, tls: .never, server: "220 hi", offered).last == "C: MAIL FROM:<a@s.example>")
        #expect(run(Self.one, tls: .opportunistic, server: "220 hi", offered, "454 broken").last == "C: MAIL FROM:<a@s.example>")
        for mode in [NextHop.TLSMode.require, .verify] {
            #expect(run(Self.one, tls: mode, server: "220 hi", offered, "454 broken").last == "[failed: 454 broken (in reply to STARTTLS)]")
            #expect(run(Self.one, tls: mode, server: "220 hi", "250 hop").last == "[failed: TLS is required, but the server offers none]")
            #expect(run(Self.one, tls: mode, server: "220 hi", "502 no", "250 hop").last?.hasPrefix("[failed: TLS is required") == true)
            #expect(run(Self.one, tls: mode, server: "220 hi", offered, "220 go", "250 hop").last == "C: MAIL FROM:<a@s.example>")
        }
    }

    @Test func whatTheServerCannotTakeIsNotOffered() {
        var large = Self.three
        large.size = 1001
        #expect(run(large, server: "220 hi", Self.pipelining).last == "[bounced -, bounced -, bounced -]")
        var international = Self.one
        international.needsSMTPUTF8 = true
        #expect(run(international, server: "220 hi", Self.pipelining).last == "[bounced -]")
        #expect(run(international, server: "220 hi", "250-hop|250 SMTPUTF8").last == "C: MAIL FROM:<a@s.example> SMTPUTF8")
    }

    /// RFC 3461 section 5.2.1: passed on as given to who offers DSN, and to nobody else.
    @Test func dsnWishesArePassedOn() {
        var wishes = Self.three
        wishes.dsn = DSNRequest(returned: .headers, envelopeID: "a+b=c d")
        wishes.recipients[0].notify = .never
        wishes.recipients[1].notify = [.delay, .success]
        wishes.recipients[1].originalRecipient = "rfc822;R2+2Bx@d.example"
        wishes.recipients[2].originalRecipient = "rfc822;r3@d.example RCPT"
        #expect(
            run(wishes, server: "220 hi", Self.pipelining.replacing("250 8BITMIME", with: "250-8BITMIME|250 DSN")).last
                == "C: MAIL FROM:<> SIZE=100 RET=HDRS ENVID=a+2Bb+3Dc+20d|RCPT TO:<r1@d.example> NOTIFY=NEVER|RCPT TO:<r2@d.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;R2+2Bx@d.example|RCPT TO:<r3@d.example>|DATA"
        )
        #expect(
            run(wishes, server: "220 hi", Self.pipelining).last
                == "C: MAIL FROM:<> SIZE=100|RCPT TO:<r1@d.example>|RCPT TO:<r2@d.example>|RCPT TO:<r3@d.example>|DATA")
    }

    /// A callout ends with the last RCPT, and the envelope that it left is reset before what comes next.
    @Test func calloutsSendNoMessage() {
        var callout = Self.three
        callout.endsAfterRecipients = true
        for (greeting, asked) in [
            (Self.pipelining, ["C: MAIL FROM:<>|RCPT TO:<r1@d.example>|RCPT TO:<r2@d.example>|RCPT TO:<r3@d.example>"]),
            ("250 hop", ["C: MAIL FROM:<>", "C: RCPT TO:<r1@d.example>", "C: RCPT TO:<r2@d.example>", "C: RCPT TO:<r3@d.example>"]),
        ] {
            let log = run(callout, Self.one, server: "220 hi", greeting, "250 ok", "250 yes", "550 5.1.1 no", "451 what")
            #expect(Array(log[2..<(2 + asked.count)]) == asked)
            #expect(log[2 + asked.count] == "[delivered 250, bounced 550, deferred 451]")
            #expect(log.last?.hasPrefix("C: RSET") == true)
        }
        // A refused null reverse-path says nothing of a mailbox.
        #expect(
            run(callout, server: "220 hi", "250 hop", "550 5.7.1 no bounces").last
                == "[deferred 550 fault, deferred 550 fault, deferred 550 fault]")
        #expect(
            run(callout, server: "220 hi", Self.pipelining, "550 no bounces", "503 a", "503 b", "503 c").last
                == "[deferred 550 fault, deferred 550 fault, deferred 550 fault]")
    }

    @Test func anAddressNeverBecomesACommand() {
        var bad = Self.one
        bad.recipients.append(Recipient(address: EmailAddress(localPart: "x>\r\nRCPT TO:<y", domain: "d.example")))
        #expect(run(bad, server: "220 hi", Self.pipelining).last == "[bounced -, bounced -]")
    }

    @Test func aWordBeforeTheEndOfDataCloses() {
        var machine = ClientMachine(hostname: "us.example", tls: .never)
        _ = machine.received(Reply(ReplyStatus(bare: 220), "hi"))
        _ = machine.received(Reply(ReplyStatus(bare: 250), "hop"))
        _ = machine.begin(Self.one)
        for _ in 0..<2 { _ = machine.received(Reply(.ok, "ok")) }
        #expect(machine.received(Reply(.startMailInput, "go")) == .sendMessage)
        guard case .finished(let outcomes, closes: true) = machine.received(Reply(.messageTooLarge, "too large")) else {
            Issue.record("not finished")
            return
        }
        guard case .bounced(let failure)? = outcomes.first else {
            Issue.record("not bounced")
            return
        }
        #expect(failure.reply?.code == 552)
    }

    @Test func knowsWhetherTheServerHasSaidAWord() {
        var machine = ClientMachine(hostname: "us.example", tls: .never)
        _ = machine.received(Reply(ReplyStatus(bare: 220), "hi"))
        _ = machine.received(Reply(ReplyStatus(bare: 250), "hop"))
        #expect(!machine.isUnanswered)
        _ = machine.begin(Self.one)
        #expect(machine.isUnanswered)
        _ = machine.received(Reply(.ok, "ok"))
        #expect(!machine.isUnanswered)
    }

    @Test func unasked() {
        var machine = ClientMachine(hostname: "us.example", tls: .never)
        let log = clientDialogue(&machine, [], server: ["220 hi", "250 hop", "250 and more"])
        #expect(log.last == "[failed: a reply that nothing asked for: 250 and more]")
    }

    @Test func dotsAreFoundAtLineStartsOnly() {
        for (text, places) in [
            ("", []), (".", [0]), ("a.b\r\n", []), (".a\r\n.\r\nb.\r\n..c", [0, 4, 11]), ("a\n.b", [2]), ("a\r.b", []),
        ] as [(String, [Int])] {
            Array(text.utf8).withUnsafeBytes { bytes in
                var found: [Int] = []
                var at = 0
                while let dot = DotStuffing.nextDot(in: bytes, from: at) {
                    found.append(dot)
                    at = dot + 1
                }
                #expect(found == places, "\(text.debugDescription)")
            }
        }
    }

    // MARK: CHUNKING and LMTP

    static let chunking = "250-hop|250-PIPELINING|250-CHUNKING|250 8BITMIME"

    private static func message(of size: Int) -> ClientTransaction {
        var message = one
        message.size = size
        return message
    }

    @Test func aLargeMessageWaitsForItsRecipients() {
        let log = run(Self.message(of: 9 << 20), server: "220 hi", Self.chunking, "250 ok", "250 ok", "250 more", "250 taken")
        #expect(
            log.dropFirst(2) == [
                "C: MAIL FROM:<a@s.example> BODY=8BITMIME|RCPT TO:<r@d.example>", "C: BDAT 8388608", "[8388608 bytes]",
                "C: BDAT 1048576 LAST", "[1048576 bytes]", "[delivered 250]",
            ])
        let refused = run(
            Self.message(of: 9 << 20), Self.one, server: "220 hi", Self.chunking, "250 ok", "250 ok", "552 no", "250 reset")
        #expect(refused.suffix(2).first == "[bounced 552]")
        #expect(refused.last?.hasPrefix("C: RSET|MAIL FROM") == true)
        #expect(run(Self.message(of: 9 << 20), server: "220 hi", Self.chunking, "250 ok", "550 no").last == "[bounced 550]")
    }

    @Test func withoutPipeliningAChunkGoesAfterTheRecipients() {
        let log = run(Self.message(of: 65537), server: "220 hi", "250-hop|250 CHUNKING", "250 ok", "250 ok", "250 taken")
        #expect(log.suffix(3) == ["C: BDAT 65537 LAST", "[65537 bytes]", "[delivered 250]"])
        #expect(run(Self.message(of: 65536), server: "220 hi", Self.chunking).last?.hasSuffix("|DATA") == true)
    }

    @Test func anUnknownBDATIsToldApart() {
        for (reply, wanted) in [("502 what", true), ("452 full", false), ("554 spam", false)] {
            var machine = ClientMachine(hostname: "us.example", tls: .never)
            _ = clientDialogue(&machine, [Self.message(of: 1 << 20)], server: ["220 hi", Self.chunking, "250 ok", "250 ok", reply])
            #expect(machine.hasRefusedChunking == wanted)
        }
        var machine = ClientMachine(hostname: "us.example", tls: .never, usesChunking: false)
        #expect(clientDialogue(&machine, [Self.message(of: 1 << 20)], server: ["220 hi", Self.chunking]).last?.hasSuffix("|DATA") == true)
    }

    private func lmtp(_ server: String...) -> [String] {
        var machine = ClientMachine(hostname: "us.example", tls: .never, isLMTP: true)
        return clientDialogue(&machine, [Self.three], server: ["220 hi"] + server)
    }

    @Test func lmtpRepliesByRecipient() {
        let head = [Self.chunking, "250 ok", "250 ok", "550 no", "250 ok", "354 go"]
        let both = lmtp(head[0], head[1], head[2], head[3], head[4], head[5], "250 r1", "450 r3")
        #expect(both.first == "C: LHLO us.example")
        #expect(both.suffix(2) == ["[message]", "[delivered 250, bounced 550, deferred 450]"])
        let cut = lmtp(head[0], head[1], head[2], head[3], head[4], head[5], "250 r1", "[lost]")
        #expect(cut.last == "[delivered 250, bounced 550, deferred -; close]")
        let closing = lmtp(head[0], head[1], head[2], head[3], head[4], head[5], "250 r1", "421 bye")
        #expect(closing.last == "[delivered 250, bounced 550, deferred 421 fault; close]")
    }

    @Test func lmtpHasNoHELOAndNoDotForNobody() {
        #expect(lmtp("500 what").last == "[failed: 500 what (in reply to LHLO)]")
        #expect(
            lmtp("250-hop|250 PIPELINING", "250 ok", "550 a", "550 b", "450 c", "354 go").last
                == "[bounced 550, bounced 550, deferred 450; close]")
    }

    @Test func whatTheServerLacksIsItsFault() {
        var eight = Self.one
        eight.needs8BitMIME = true
        #expect(run(eight, server: "220 hi", "250 hop").last == "[bounced -]")
        #expect(run(eight, server: "220 hi", Self.pipelining).last?.hasPrefix("C: MAIL") == true)
    }
}
