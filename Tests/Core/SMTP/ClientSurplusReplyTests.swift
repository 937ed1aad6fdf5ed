import Mail
import Testing

@testable import SMTP

/// Servers that say one reply too many, or speak of themselves: nothing is believed that they did not say of the message. No socket.
@Suite struct ClientSurplusReplyTests {
    private static let chunking = "250-hop|250-PIPELINING|250 CHUNKING"

    private func run(_ size: Int, tls: NextHop.TLSMode = .never, avoidsTLS: Bool = false, _ server: String...) -> String? {
        var machine = ClientMachine(hostname: "us.example", tls: tls, avoidsTLS: avoidsTLS)
        let transaction = ClientTransaction(
            reversePath: .null, recipients: ["a", "b"].map { EmailAddress(localPart: $0, domain: "d.example") }, size: size)
        return clientDialogue(&machine, [transaction], server: ["220 hi"] + server).last
    }

    /// `+`: more stands behind the reply.
    @Test func withDATA() {
        let head = "250-hop|250 PIPELINING"
        let fault = "[deferred - fault, deferred - fault; close]"
        // RCPT a is answered twice.
        #expect(run(100, head, "250 ok", "250 a", "250 a", "550 b+") == fault)
        #expect(run(100, head, "250 ok", "250 a", "250 a", "550 5.1.1 b") == fault)
        #expect(run(100, head, "250 ok", "550 a", "550 a", "250 b") == fault)
        #expect(run(100, head, "250 ok", "250 a", "550 b", "503 what") == fault)
        #expect(run(100, head, "250 ok", "250 a", "250 b", "354 go+") == fault)
        // Nobody was accepted, so DATA's refusal is as it should be.
        #expect(run(100, head, "250 ok", "550 a", "550 b", "503 5.5.1 nobody") == "[bounced 550, bounced 550]")
        #expect(run(100, "250 hop+")?.hasPrefix("[failed: a reply that nothing asked for") == true)
        #expect(run(100, "250 hop", "250 ok+") == fault)
    }

    @Test func withBDAT() {
        let fault = "[deferred - fault, deferred - fault; close]"
        let unsure = "[deferred -, deferred -; close]"
        #expect(run(100_000, Self.chunking, "250 ok", "250 a", "250 a+") == fault)
        #expect(run(100_000, Self.chunking, "250 ok", "250 a", "250 a", "250 2.1.5 b") == unsure)
        #expect(run(100_000, Self.chunking, "250 ok", "250 a", "250 b", "250 taken+") == unsure)
        #expect(run(100_000, Self.chunking, "250 ok", "250 a", "250 b", "250 2.0.0 taken") == "[delivered 250, delivered 250]")
    }

    @Test func ofItselfAServerSpeaksInMAILAndDATA() {
        for (reply, word) in [
            ("452 4.3.1 disk full", "deferred 452 fault"), ("451 greylisted", "deferred 451 fault"), ("554 5.3.0 x", "deferred 554 fault"),
            ("552 5.3.4 too large", "bounced 552"), ("501 5.1.7 bad address", "bounced 501"), ("500 what", "deferred 500 fault"),
            ("521 no mail here", "deferred 521 fault"), ("530 5.7.0 x", "deferred 530 fault"), ("550 5.7.1 no", "bounced 550"),
            ("554 5.4.6 loop", "deferred 554 fault"), ("550 no", "bounced 550"),
        ] {
            #expect(run(100, "250 hop", reply) == "[\(word), \(word)]", "\(reply)")
        }
        #expect(run(100, "250 hop", "250 ok", "452 4.3.1 full", "550 5.3.0 no") == "[deferred 452 fault, bounced 550]")
        #expect(
            run(100, "250 hop", "250 ok", "250 a", "250 b", "354 go", "451 4.3.0 x") == "[deferred 451 fault, deferred 451 fault]")
        #expect(run(100, "250 hop", "250 ok", "250 a", "250 b", "354 go", "451 4.7.1 x") == "[deferred 451, deferred 451]")
    }

    @Test func whoWantsTLSAfterAFailedHandshakeIsNotBelieved() {
        for reply in ["530 5.7.0 Must issue STARTTLS first", "550 5.7.10 encryption needed", "554 5.7.0 no"] {
            let code = reply.prefix(3)
            for offered in [true, false] {
                let ehlo = offered ? "250-hop|250 STARTTLS" : "250 hop"
                let word = offered ? "deferred \(code) fault" : "bounced \(code)"
                #expect(run(100, tls: .opportunistic, avoidsTLS: true, ehlo, "250 ok", reply, reply) == "[\(word), \(word)]")
            }
            let refused = "deferred \(code) fault"
            #expect(
                run(100, tls: .opportunistic, "250-hop|250 STARTTLS", "454 not now", "250 ok", reply, reply) == "[\(refused), \(refused)]")
        }
        #expect(
            run(100, tls: .opportunistic, avoidsTLS: true, "250-hop|250 STARTTLS", "250 ok", "550 5.7.1 a", "550 b")
                == "[bounced 550, bounced 550]")
    }

    @Test func aServersWordsAreCut() {
        for (line, count) in [("x", 1024), ("\u{fc}", 1024), ("\u{20ac}", 1023)] {
            let long = String(repeating: line, count: 2000)
            #expect(Reply(.ok, long).excerpt.lines == [String(long.utf8.prefix(count))!])
        }
        let lines = Reply(.ok, lines: Array(repeating: String(repeating: "y", count: 600), count: 50)).excerpt.lines
        #expect(lines.map(\.utf8.count) == [600, 424])
        var machine = ClientMachine(hostname: "us.example", tls: .never)
        let log = clientDialogue(&machine, [], server: ["554 " + String(repeating: "z", count: 2000)])
        #expect(log.last?.contains(String(repeating: "z", count: 1025)) == false)
    }
}
