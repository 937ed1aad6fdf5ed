import GatewayTestKit
import Mail
import SRS
import Testing

@testable import Inspect

/// Mailboxes that send mail on, the bounces that come back, and messages that go round in circles.
@Suite struct RedirectTests {
    private let srs = SenderRewriting(secrets: [Array("a secret for these tests".utf8)])

    /// example.org, whose mailbox `on` is sent on.
    private func gate(
        to targets: [String] = ["far@world.example"], keep: Bool = false, _ filters: [ScriptedFilter] = [], steps: [FilterStep] = [],
        _ change: (inout MailboxPolicy) -> Void = { _ in }
    ) throws -> Gate {
        let redirecting = domain("example.org", steps) { policy in
            policy.recipients = .list(["real"])
            var mailbox = MailboxPolicy()
            mailbox.redirects = targets.map { EmailAddress(unchecked: $0)! }
            mailbox.keepsRedirected = keep
            change(&mailbox)
            policy.mailboxes["on@example.org"] = mailbox
        }
        let gate = try Gate(filters, policy([redirecting, domain("other.example")]), srs: srs)
        gate.connect()
        gate.helo()
        return gate
    }

    @Test func `a copy goes on with a reverse-path of ours`() throws {
        let gate = try gate()
        gate.mail("anna@else.example")
        gate.rcpt("On+tag@example.org")
        gate.rcpt("real@example.org")
        gate.data()
        #expect(gate.copies.map(\.index) == [0, 1])
        let sent = gate.copies[0]
        #expect(sent.address.description == "far@world.example" && sent.policyDomain == "example.org" && sent.state == .queued)
        #expect(sent.originalRecipient == "rfc822;On+2Btag@example.org")
        #expect(sent.addedHeaders.contains("\r\nDelivered-To: On+tag@example.org\r\nX-Postern-Score:"))
        let path = try #require(EmailAddress(unchecked: sent.reversePath?.description ?? ""))
        #expect(path.domain == "example.org")
        #expect(srs.read(path, on: gate.loop.now) == .genuine(EmailAddress(localPart: "anna", domain: "else.example")))
        #expect(gate.copies[1].reversePath == nil && !gate.copies[1].addedHeaders.contains("Delivered-To"))
        #expect(gate.log.events("redirected").map { $0.text("to") } == ["far@world.example"])
        #expect(gate.store.receipts.map(\.kind) == ["inspected", "redirected"])
    }

    @Test func `null stays null, and a sender of ours stays as it is`() throws {
        for (from, path) in [
            ("", ReversePath.null), ("me@other.example", .address(EmailAddress(localPart: "me", domain: "other.example"))),
        ] {
            let gate = try gate()
            gate.mail(from)
            gate.rcpt("on@example.org")
            gate.data()
            #expect(gate.copies.map(\.reversePath) == [path])
        }
    }

    @Test func `to several, and kept`() throws {
        let gate = try gate(to: ["far@world.example", "near@other.example"], keep: true)
        gate.mail()
        gate.rcpt("real@example.org")
        gate.rcpt("on@example.org")
        gate.data()
        #expect(
            gate.copies.map(\.address.description) == ["real@example.org", "on@example.org", "far@world.example", "near@other.example"])
        #expect(gate.copies.map(\.index) == [0, 1, 2, 3])
        #expect(gate.copies.map { $0.reversePath == nil } == [true, true, false, false])
    }

    @Test func `what the mailbox's filters and thresholds keep back is not sent on`() throws {
        let filter = ScriptedFilter("judge") { _ in .done([Symbol(name: "SPAM", defaultScore: 8)]) }
        let gate = try gate([filter], steps: [[slot("judge")]])
        gate.mail()
        gate.rcpt("on@example.org")
        gate.data()
        #expect(gate.copies.map(\.state) == [.quarantined])
        #expect(gate.copies[0].address.description == "far@world.example" && gate.copies[0].reversePath != nil)
    }

    @Test func `a bounce comes back to a rewritten reverse-path, and only a bounce`() throws {
        let gate = try gate()
        let path = try #require(
            srs.rewritten(EmailAddress(localPart: "Anna", domain: "else.example"), at: "example.org", on: gate.loop.now))
        gate.mail("")
        gate.rcpt(path.description.lowercased())
        #expect(gate.last.hasPrefix("rcpt 250"))
        gate.data()
        #expect(gate.copies.map(\.address.description) == ["anna@else.example"])
        #expect(gate.copies.map(\.reversePath) == [.null])

        gate.mail("spammer@bad.example")
        gate.rcpt(path.description)
        #expect(gate.last == "rcpt 550 5.1.1 This address takes bounces only")
        gate.mail("")
        gate.rcpt("SRS0=AAAAAA=FV=victim.example=x@example.org")
        #expect(gate.last == "rcpt 550 5.1.1 No such recipient")
        #expect(gate.log.events("refused").last?.text("reason") == "rewritten reverse-path: the hash is not ours")
        // Another's own addresses of this kind are ordinary ones where nothing is redirected.
        gate.rcpt("SRS0=AAAAAA=FV=victim.example=x@other.example")
        #expect(gate.last.hasPrefix("rcpt 250"))
    }

    /// A bounce has one recipient: nobody sends to many through addresses that he has gathered. The others may come one by one.
    @Test func `one bounce goes to one sender`() throws {
        let gate = try gate()
        func path(_ name: String) throws -> String {
            try #require(srs.rewritten(EmailAddress(localPart: name, domain: "else.example"), at: "example.org", on: gate.loop.now))
                .description
        }
        gate.mail("")
        gate.rcpt(try path("anna"))
        for (number, more) in [try path("bert"), "real@example.org"].enumerated() {
            gate.rcpt(more)
            #expect(gate.last == "rcpt 452 4.5.3 A bounce has one recipient", "\(number)")
        }
        // The same once more is one copy.
        gate.rcpt(try path("Anna"))
        #expect(gate.last.hasPrefix("rcpt 250"))
        gate.data()
        #expect(gate.copies.map(\.address.description) == ["anna@else.example"])
        gate.mail("")
        gate.rcpt("real@example.org")
        gate.rcpt(try path("bert"))
        #expect(gate.last == "rcpt 452 4.5.3 A bounce has one recipient")
    }

    /// What was taken at RCPT is not read again at the end of data, when its time may be over.
    @Test func `whom a rewritten reverse-path stands for is decided once`() throws {
        let gate = try gate()
        let path = try #require(
            srs.rewritten(EmailAddress(localPart: "anna", domain: "else.example"), at: "example.org", on: gate.loop.now))
        gate.loop.advance(by: .seconds(21 * 86_400))
        gate.mail("")
        gate.rcpt(path.description)
        gate.loop.advance(by: .seconds(86_400))
        gate.data()
        #expect(gate.copies.map(\.address.description) == ["anna@else.example"])
        gate.mail("")
        gate.rcpt(path.description)
        #expect(gate.last == "rcpt 550 5.1.1 No such recipient")
    }

    @Test func `a DSN of ours goes where its mailbox redirects to`() throws {
        let gate = try gate(to: ["far@world.example", "near@other.example"], keep: true)
        func sent(to address: String) -> [String] {
            var copy = StoredRecipient(
                index: 0, address: EmailAddress(unchecked: address)!, policyDomain: "example.org", state: .queued, addedHeaders: "",
                nextAttempt: gate.loop.now)
            copy.notify = .never
            return gate.inspector.redirected(copy, by: gate.inspector.currentPlan.snapshot).map {
                "\($0.index) \($0.address) \($0.reversePath.map { "\($0)" } ?? "as it was") \($0.notify == .never) \($0.addedHeaders)"
            }
        }
        #expect(sent(to: "real@example.org") == ["0 real@example.org as it was true "])
        #expect(
            sent(to: "on@example.org") == [
                "0 on@example.org as it was true ", "1 far@world.example  true Delivered-To: on@example.org\r\n",
                "2 near@other.example  true Delivered-To: on@example.org\r\n",
            ])
        let path = try #require(
            srs.rewritten(EmailAddress(localPart: "anna", domain: "else.example"), at: "example.org", on: gate.loop.now))
        #expect(sent(to: "\(path)") == ["0 anna@else.example  true Delivered-To: \(path)\r\n"])
    }

    @Test func `a message that comes back to the mailbox that sent it on is refused`() throws {
        let gate = try gate()
        gate.mail()
        gate.rcpt("on@example.org")
        gate.data("Delivered-To: a@b.example\r\nDelivered-To: ON@example.org\r\nSubject: x\r\n\r\nbody\r\n")
        #expect(gate.last == "data 554 5.4.6 This message has been here before")
        #expect(gate.copies.isEmpty)
    }

    @Test func `a message that was here too often is refused, whoever it is for`() throws {
        func received(_ count: Int, by host: String) -> String {
            String(
                repeating: "Received: from x (by mx.gate.example [192.0.2.1])\r\n\tBY \(host) (Postern)\r\n\twith ESMTP; now\r\n",
                count: count)
        }
        for (text, reply) in [
            (received(5, by: "mx.gate.example") + received(30, by: "mx.other.example"), "data 250"),
            (received(6, by: "MX.gate.example"), "data 554 5.4.6 This message has been here before"),
            (received(30, by: "by") + received(21, by: "x"), "data 554 5.4.6 Too many hops"),
        ] {
            let gate = try gate()
            gate.mail()
            gate.rcpt("real@example.org")
            gate.data(text + "Subject: x\r\n\r\nbody\r\n")
            #expect(gate.last.hasPrefix(reply))
        }
    }

    @Test func `a held copy is judged again as the mailbox's own`() throws {
        let copy = StoredRecipient(
            index: 0, address: EmailAddress(localPart: "far", domain: "world.example"), policyDomain: "example.org", state: .held,
            addedHeaders: "Received: x\r\n\ty\r\nDelivered-To: on@example.org\r\nX-Postern-Score: 0\r\n", nextAttempt: Timestamp(seconds: 0)
        )
        #expect(copy.redirectedFrom == nil)
        var sent = copy
        sent.reversePath = .null
        #expect(sent.redirectedFrom?.description == "on@example.org")
    }
}
