import GatewayTestKit
import Mail
import SRS
import Testing

@testable import Inspect

/// Outbound listeners: who may send as whom, by whose rules, and where it goes.
@Suite struct OutboundTests {
    static func sender(_ name: String, networks: String..., change: (inout DomainPolicy) -> Void = { _ in }) -> DomainPolicy {
        domain(name) {
            $0.aliases = ["alias.\(name)"]
            var outbound = OutboundPolicy()
            outbound.deliverTo = [NextHop(host: "relay.example")]
            outbound.networks = networks.map { IPNetwork($0)! }
            $0.outbound = outbound
            change(&$0)
        }
    }

    private func gate(
        _ filters: [ScriptedFilter] = [], _ domains: [DomainPolicy], client: String = "192.0.2.1", edge: EdgePolicy = EdgePolicy()
    ) throws -> Gate {
        let gate = try Gate(
            filters, policy(domains, outboundEdge: edge), role: .outbound, client: client,
            authenticator: ScriptedAuthenticator(["anna@a.example": ("secret", "a.example"), "old@in.example": ("secret", "in.example")]))
        gate.connect()
        gate.helo()
        return gate
    }

    @Test func nothingWithoutALoginOrANetwork() throws {
        let gate = try gate([], [Self.sender("a.example", networks: "192.0.2.0/30"), domain("in.example")], client: "192.0.2.4")
        gate.mail("x@a.example")
        #expect(gate.last == "mail 530 5.7.0 Authentication required")
        #expect(gate.session.queueID == nil)
        #expect(gate.log.events("refused")[0].text("at") == "mail")
        gate.rcpt("b@world.example")
        #expect(gate.last.hasPrefix("rcpt 503"))
    }

    @Test func aLoginSendsToTheWholeWorldByItsDomainsRules() throws {
        let filter = ScriptedFilter("out", phases: [.rcpt, .data]) { call in .done([Symbol(name: "S", defaultScore: 4)]) }
        let inbound = ScriptedFilter("in", phases: [.rcpt, .data])
        let gate = try gate(
            [filter, inbound],
            [
                Self.sender("a.example") {
                    $0.filters = [[slot("in")]]
                    $0.recipients = .list([])
                    $0.outbound!.filters = [[slot("out")]]
                    $0.outbound!.scores = ["S": 1]
                    $0.outbound!.thresholds = Thresholds(quarantine: 6)
                }
            ])
        gate.login("anna@a.example", "secret")
        #expect(gate.last == "auth accepted anna@a.example")
        gate.mail("anna@Alias.A.example")
        for address in ["b@world.example", "c@other.example", "nobody@a.example"] { gate.rcpt(address) }
        #expect(gate.last == "rcpt 250 2.1.5 Recipient ok")
        gate.data()
        #expect(gate.last.hasPrefix("data 250"))
        let stored = gate.store.accepted[0]
        #expect(stored.role == .outbound)
        #expect(
            stored.recipients.map { "\($0.address) \($0.policyDomain) \($0.state) \($0.score)" }
                == [
                    "b@world.example a.example queued 2.0", "c@other.example a.example queued 2.0", "nobody@a.example a.example queued 2.0",
                ].map { $0 })
        #expect(inbound.calls.isEmpty)
        #expect(filter.calls.allSatisfy { $0.domain == "a.example" && $0.session.login == "anna@a.example" })
        #expect(stored.recipients[0].addedHeaders.contains("with ESMTPA id"))
        let receipt = gate.store.receipts[0].json
        #expect(receipt.contains(#""role":"outbound""#) && receipt.contains(#""login":"anna@a.example""#))
    }

    @Test func theReversePathIsOfTheDomain() throws {
        let gate = try gate([], [Self.sender("a.example"), Self.sender("b.example"), domain("in.example")])
        gate.login("anna@a.example", "secret")
        for (path, code) in [
            ("x@b.example", "553 5.7.1"), ("x@in.example", "553 5.7.1"), ("x@world.example", "553 5.7.1"), ("x@sub.a.example", "553 5.7.1"),
            ("x@a.example", "go on"), ("", "go on"),
        ] {
            gate.mail(path)
            #expect(gate.last.hasPrefix("mail \(code)"), "\(path)")
            gate.session.reset()
        }
        #expect(gate.log.events("refused")[0].text("reason") == "the reverse-path is not of a.example")
        #expect(gate.log.events("refused")[0].text("login") == "anna@a.example")
    }

    /// A trusted peer has checked the login (XCLIENT).
    @Test(arguments: [("anna@a.example", "go on"), ("anna@in.example", "550 5.7.1"), ("anna", "550 5.7.1")])
    func aLoginThatATrustedPeerTellsOf(_ row: (login: String, reply: String)) throws {
        let gate = try gate([], [Self.sender("a.example"), domain("in.example")])
        gate.facts.login = row.login
        gate.mail("anna@a.example")
        #expect(gate.last.hasPrefix("mail \(row.reply)"))
    }

    @Test func aDomainWithoutOutboundSendsNothing() throws {
        let gate = try gate([], [domain("in.example")])
        gate.login("old@in.example", "secret")
        gate.mail("old@in.example")
        #expect(gate.last.hasPrefix("mail 550 5.7.1"))
    }

    @Test func aNetworkOfSeveralDomains() throws {
        let domains = [
            Self.sender("b.example", networks: "192.0.2.0/24"), Self.sender("a.example", networks: "192.0.2.0/24", "2001:db8::/32"),
            Self.sender("c.example", networks: "198.51.100.0/24"),
        ]
        let gate = try gate([], domains)
        for (path, policy) in [("x@b.example", "b.example"), ("x@alias.a.example", "a.example"), ("", "a.example")] {
            gate.mail(path)
            gate.rcpt("r@world.example")
            gate.data()
            #expect(gate.store.accepted.last?.recipients[0].policyDomain == policy, "\(path)")
        }
        gate.mail("x@c.example")
        #expect(gate.last.hasPrefix("mail 553"))
        let six = try self.gate([], domains, client: "2001:db8::1")
        six.mail("x@b.example")
        #expect(six.last.hasPrefix("mail 553"))
    }

    @Test func barePostmasterIsOurs() throws {
        let gate = try gate([], [Self.sender("a.example", networks: "192.0.2.1/32")])
        gate.mail("x@a.example")
        gate.rcpt("postmaster")
        gate.data()
        #expect(gate.copies.map { "\($0.address) \($0.policyDomain)" } == ["postmaster@a.example a.example"])
    }

    /// A list of dial-up networks says nothing of our own users.
    @Test func itsOwnEdgeFilters() throws {
        let inbound = ScriptedFilter("rbl", phases: [.connect]) { _ in .done([], [Proposal(.reject(Reply(.refused, "listed")))]) }
        let outbound = ScriptedFilter("geo", phases: [.mail]) { _ in .done([Symbol(name: "FAR", defaultScore: 1)]) }
        let edge = EdgePolicy(filters: [[slot("geo")]], scores: ["FAR": 5], thresholds: Thresholds(defer: 5))
        let snapshot = policy([Self.sender("a.example", networks: "192.0.2.1/32")], edge: [[slot("rbl")]], outboundEdge: edge)
        let gate = try Gate([inbound, outbound], snapshot, role: .outbound)
        gate.connect()
        gate.helo()
        gate.mail("x@a.example")
        #expect(inbound.calls.isEmpty)
        #expect(gate.last == "mail 451 4.7.1 Not now, try again later")
    }

    /// What goes straight to the servers of a domain of ours is resolved as that domain says, though the sender's rules judge it.
    @Test func aDomainOfOursIsAskedForItsMailboxes() throws {
        let srs = SenderRewriting(secrets: [Array("a secret for these tests".utf8)])
        let out = ScriptedFilter("out", phases: [.rcpt, .data])
        let inbound = ScriptedFilter("in", phases: [.rcpt, .data])
        func gate(relay: Bool) throws -> Gate {
            let sender = Self.sender("a.example", networks: "192.0.2.0/24") {
                $0.outbound!.filters = [[slot("out")]]
                if !relay { $0.outbound!.deliverTo = [] }
            }
            let other = domain("b.example", [[slot("in")]]) {
                $0.recipients = .list(["real"])
                var mailbox = MailboxPolicy()
                mailbox.redirects = [EmailAddress(localPart: "far", domain: "world.example")]
                $0.mailboxes["on@b.example"] = mailbox
            }
            let gate = try Gate([out, inbound], policy([sender, other]), role: .outbound, srs: srs)
            gate.connect()
            gate.helo()
            return gate
        }
        let straight = try gate(relay: false)
        straight.mail("x@a.example")
        for (address, reply) in [
            ("real@b.example", "250 2.1.5"), ("nobody@b.example", "550 5.1.1 No such recipient"), ("on@b.example", "250 2.1.5"),
            ("z@world.example", "250 2.1.5"), ("SRS0=AAAAAA=FV=victim.example=x@b.example", "550 5.1.1 No such recipient"),
        ] {
            straight.rcpt(address)
            #expect(straight.last.hasPrefix("rcpt \(reply)"), "\(address)")
        }
        straight.data()
        #expect(
            straight.copies.map { "\($0.address) \($0.policyDomain) \($0.reversePath.map { "\($0)" } ?? "as it was")" } == [
                "real@b.example a.example as it was", "far@world.example a.example x@a.example", "z@world.example a.example as it was",
            ])
        #expect(straight.copies[1].originalRecipient == "rfc822;on@b.example")
        #expect(inbound.calls.isEmpty && !out.calls.isEmpty)
        // Round and round.
        straight.mail("x@a.example")
        straight.rcpt("on@b.example")
        straight.data("Delivered-To: on@b.example\r\nSubject: x\r\n\r\nbody\r\n")
        #expect(straight.last == "data 554 5.4.6 This message has been here before")

        // A bounce to whom the reverse-path stands for.
        let path = try #require(
            srs.rewritten(EmailAddress(localPart: "anna", domain: "else.example"), at: "b.example", on: straight.loop.now))
        for (from, reply) in [("x@a.example", "550 5.1.1 This address takes bounces only"), ("", "250 2.1.5")] {
            straight.mail(from)
            straight.rcpt("\(path)")
            #expect(straight.last.hasPrefix("rcpt \(reply)"))
        }
        straight.data()
        #expect(straight.store.accepted.last?.recipients.map { "\($0.address) \($0.reversePath == .null)" } == ["anna@else.example true"])

        // All mail of a domain with a relay goes there.
        let relayed = try gate(relay: true)
        relayed.mail("x@a.example")
        for address in ["nobody@b.example", "on@b.example", "\(path)"] { relayed.rcpt(address) }
        relayed.data()
        #expect(relayed.copies.map(\.address.description) == ["nobody@b.example", "on@b.example", "\(path)"])
        #expect(relayed.copies.allSatisfy { $0.reversePath == nil })
    }

    /// Of what nobody waits for any more, its sender is told.
    @Test func aHeldCopyThatIsRejectedBounces() throws {
        let filter = ScriptedFilter("out", phases: [.data]) { call in
            let recipients = call.envelope!.recipients
            if recipients.count > 1 { return .done([], [Proposal(.defer(Reply(.notNow, "x")), recipients: RecipientSet([0]))]) }
            return .done([], [Proposal(.reject(Reply(.refused, "Virus")))])
        }
        let gate = try gate(
            [filter], [Self.sender("a.example", networks: "192.0.2.1/32") { $0.outbound!.filters = [[slot("out")]] }])
        for (from, state) in [("x@a.example", RecipientState.bounced), ("", .quarantined)] {
            gate.mail(from)
            gate.rcpt("b@world.example")
            gate.rcpt("c@world.example")
            gate.data()
            var stored = try #require(gate.store.accepted.last)
            stored.recipients = [stored.recipients[0]]
            let changes = Gate.Box<[RecipientChange]>()
            Reinspection.run(stored, by: gate.inspector, on: gate.loop) { changes.append($0) }
            gate.loop.runPending()
            let change = try #require(changes.all.first?.first)
            #expect(change.state == state)
            #expect(change.refusal == (state == .bounced ? Reply(.refused, "Virus") : nil))
            #expect(change.reason == "rejected after it was held: out proposed reject: 550 5.7.1 Virus")
        }
    }

    /// Whoever may get DSNs: an address of the domain whose login or network sent, and of none else.
    @Test func whoseReversePathIsProven() throws {
        let domains = [Self.sender("a.example", networks: "192.0.2.1/32"), Self.sender("b.example")]
        for (from, isStored) in [("boss@a.example", true), ("x@alias.a.example", true), ("x@b.example", false), ("", true)] {
            let gate = try gate([], domains)
            gate.login("anna@a.example", "secret")
            gate.mail(from)
            gate.rcpt("r@world.example")
            gate.data()
            #expect(gate.store.accepted.map(\.isSenderAuthenticated) == (isStored ? [true] : []), "\(from)")
        }
        let inbound = try Gate([], policy(domains))
        inbound.connect()
        inbound.helo()
        inbound.mail("boss@a.example")
        inbound.rcpt("r@a.example")
        inbound.data()
        #expect(inbound.store.accepted.map(\.isSenderAuthenticated) == [false])
    }

    @Test func heldOutboundCopiesAreJudgedByTheSendersRulesAgain() throws {
        let filter = ScriptedFilter("out", phases: [.data]) { call in
            call.envelope!.recipients.count > 1
                ? .done([], [Proposal(.defer(Reply(.notNow, "x")), recipients: RecipientSet([0]))]) : .done()
        }
        let gate = try gate(
            [filter], [Self.sender("a.example", networks: "192.0.2.1/32") { $0.outbound!.filters = [[slot("out")]] }])
        gate.mail("x@a.example")
        gate.rcpt("b@world.example")
        gate.rcpt("c@world.example")
        gate.data()
        var stored = gate.store.accepted[0]
        #expect(stored.recipients.map(\.state) == [.held, .queued])
        stored.recipients = [stored.recipients[0]]
        let changes = Gate.Box<[RecipientChange]>()
        Reinspection.run(stored, by: gate.inspector, on: gate.loop) { changes.append($0) }
        gate.loop.runPending()
        #expect(changes.all.first?.map(\.state) == [.queued])
        #expect(filter.calls.last?.session.role == .outbound)
    }
}
