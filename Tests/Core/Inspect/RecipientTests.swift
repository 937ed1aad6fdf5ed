import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// RCPT: whose mail we take, and what a domain's rcpt filters say.
@Suite struct RecipientTests {
    private func gate(_ filters: [ScriptedFilter] = [], _ policy: PolicySnapshot) throws -> Gate {
        let gate = try Gate(filters, policy)
        gate.connect()
        gate.helo()
        gate.mail()
        return gate
    }

    @Test func noOtherDomainIsRelayed() throws {
        let gate = try gate([], policy())
        for address in ["b@elsewhere.example", "b@sub.example.org", "b@[192.0.2.1]", "b%elsewhere.example@elsewhere.example"] {
            gate.rcpt(address)
            #expect(gate.last == "rcpt 554 5.7.1 Relay access denied")
        }
        #expect(gate.log.events("refused").allSatisfy { $0.text("reason") == "no domain of ours" })
    }

    @Test func listedRecipientsOnlyAndPostmaster() throws {
        let gate = try gate([], policy([domain { $0.recipients = .list(["known"]) }]))
        for (address, code) in [
            ("known@example.org", "250"), ("Known@EXAMPLE.org", "250"), ("other@example.org", "550 5.1.1"),
            ("PostMaster@example.org", "250"),
            ("postmaster", "250"),
        ] {
            gate.rcpt(address)
            #expect(gate.last.hasPrefix("rcpt \(code)"), "\(address)")
        }
        gate.data()
        // The same mailbox twice is one copy.
        #expect(gate.copies.map(\.address.description) == ["known@example.org", "PostMaster@example.org"])
    }

    @Test func extensionsOfListedRecipients() throws {
        let listed = domain {
            $0.recipients = .list(["known", "exact+tag"])
            $0.aliases = ["alias.example", "xn--bcher-kva.example"]
        }
        let gate = try gate([], policy([listed]))
        for (address, code) in [
            ("known+tag@example.org", "250"), ("Known+a+b@alias.example", "250"), ("exact+tag@example.org", "250"),
            ("exact@example.org", "550"), ("exact+other@example.org", "550"), ("+known@example.org", "550"), ("abuse@example.org", "250"),
            ("known@bücher.example", "250"), ("known@xn--bcher-kva.example", "250"),
        ] {
            gate.rcpt(address)
            #expect(gate.last.hasPrefix("rcpt \(code)"), "\(address)")
        }
        gate.data()
        // Delivered as given.
        #expect(gate.copies.first?.address.description == "known+tag@example.org")
        #expect(gate.copies.map(\.policyDomain) == Array(repeating: "example.org", count: 6))
    }

    @Test func barePostmasterGoesToOurOwnName() throws {
        let gate = try gate([], policy([domain("aaa.example"), domain("gate.example") { $0.aliases = ["mx.gate.example"] }]))
        gate.rcpt("postmaster")
        gate.data()
        #expect(gate.copies.map(\.policyDomain) == ["gate.example"])
    }

    @Test func barePostmasterWithoutAnyDomain() throws {
        let gate = try gate([], policy([]))
        gate.rcpt("postmaster")
        #expect(gate.last.hasPrefix("rcpt 554"))
    }

    @Test func aliasKeepsItsNameAndHasTheMainDomainsPolicy() throws {
        let gate = try gate([], policy([domain { $0.aliases = ["alias.example"] }]))
        gate.rcpt("b@alias.example")
        gate.data()
        #expect(gate.copies.map { "\($0.address) \($0.policyDomain)" } == ["b@alias.example example.org"])
    }

    @Test func limit() throws {
        var limits = Limits()
        limits.recipients = 2
        let gate = try gate([], policy(limits: limits))
        for n in 1...3 { gate.rcpt("b\(n)@example.org") }
        #expect(gate.last == "rcpt 452 4.5.3 Too many recipients")
        gate.data()
        #expect(gate.copies.count == 2)
    }

    @Test func filterDefersOneRecipientAndItsIndexIsTakenByTheNext() throws {
        let greylist = ScriptedFilter("greylist", phases: [.rcpt]) { call in
            call.envelope!.recipients.last!.address.localPart == "new"
                ? .done([], [Proposal(.defer(Reply(.greylisted, "Come back")))]) : .done([Symbol(name: "KNOWN", defaultScore: -1)])
        }
        let gate = try gate([greylist], policy([domain("example.org", [[slot("greylist")]])]))
        gate.rcpt("old@example.org")
        gate.rcpt("new@example.org")
        #expect(gate.last == "rcpt 450 4.7.1 Come back")
        gate.rcpt("older@example.org")
        #expect(greylist.calls.map { $0.recipients } == [RecipientSet([0]), RecipientSet([1]), RecipientSet([1])])
        #expect(greylist.calls[2].envelope!.recipients.map(\.address.localPart) == ["old", "older"])
        gate.data()
        #expect(gate.copies.map { "\($0.index) \($0.address.localPart) \($0.score)" } == ["0 old -1.0", "1 older -1.0"])
        // Refused once, it may come again.
        #expect(gate.log.events("refused").count == 1)
    }

    @Test func mailboxWithoutFilters() throws {
        let filter = ScriptedFilter("f", phases: [.rcpt, .data]) { _ in .done([], [Proposal(.reject(Reply(.refused, "No")))]) }
        let gate = try gate(
            [filter],
            policy([
                domain("example.org", [[slot("f")]]) {
                    var mailbox = MailboxPolicy()
                    mailbox.hasFilters = false
                    $0.mailboxes["free@example.org"] = mailbox
                }
            ]))
        gate.rcpt("free@example.org")
        gate.data()
        #expect(filter.calls.isEmpty)
        #expect(gate.copies.map(\.state) == [.queued])
    }

    @Test func closeWhileRcptWaitsCallsNothing() throws {
        let filter = ScriptedFilter("f", phases: [.rcpt]) { _ in .waits }
        let gate = try gate([filter], policy([domain("example.org", [[slot("f")]])]))
        gate.rcpt("b@example.org")
        gate.session.close()
        #expect(filter.runs[0].cancelled == .sessionEnded)
        gate.loop.advance(by: .seconds(100))
        #expect(gate.last == "mail go on")
        #expect(gate.log.events("refused").isEmpty)
    }

    @Test func resetEndsTheTransactionOnly() throws {
        let filter = ScriptedFilter("f", phases: [.mail]) { _ in .detaches(joinBefore: .data) }
        let gate = try gate([filter], policy(edge: [[slot("f")]]))
        let first = gate.session.queueID
        gate.session.reset()
        #expect(filter.runs[0].cancelled == .sessionEnded)
        #expect(gate.session.queueID == nil)
        gate.mail()
        #expect(gate.session.queueID! > first!)
    }

    @Test func aThousandRecipientsWithARcptFilter() throws {
        let filter = ScriptedFilter("f", phases: [.rcpt, .data], scope: .recipient) { _ in .done([Symbol(name: "S", defaultScore: 1)]) }
        let gate = try gate([filter], policy([domain("example.org", [[slot("f")]])]))
        for n in 0..<1000 { gate.rcpt("b\(n)@example.org") }
        gate.data()
        #expect(gate.copies.count == 1000)
        #expect(gate.copies.allSatisfy { $0.score == 2 })
    }
}
