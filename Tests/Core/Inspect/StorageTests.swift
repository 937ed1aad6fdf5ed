import GatewayTestKit
import Mail
import Testing

@testable import Inspect

/// What is stored, what it looks like, and when the client hears of it.
@Suite struct StorageTests {
    @Test func theReplyComesAfterTheCommit() throws {
        let gate = try Gate([], policy())
        gate.store.hold()
        gate.send(to: "b@example.org")
        gate.loop.advance(by: .seconds(10))
        #expect(gate.last.hasPrefix("rcpt"))
        #expect(gate.queued.all.isEmpty)
        gate.store.commit()
        gate.loop.runPending()
        #expect(gate.last == "data 250 2.0.0 Ok: queued as \(gate.store.accepted[0].queueID)")
        #expect(gate.queued.all.count == 1)
    }

    @Test(arguments: [(StoreFailure.Kind.full, "452 4.3.1"), (.busy, "452 4.3.1"), (.damaged, "451 4.3.0"), (.unavailable, "451 4.3.0")])
    func aStoreThatFailsAcceptsNothing(_ kind: StoreFailure.Kind, _ code: String) throws {
        let gate = try Gate([], policy())
        gate.store.fail(StoreFailure(kind, "/var/lib/postern/queue.db: no space left on device"))
        gate.send(to: "b@example.org")
        #expect(gate.last == "data \(code) Cannot store the message now, try again later")
        #expect(gate.queued.all.isEmpty && gate.store.accepted.isEmpty)
        let line = try #require(gate.log.events("refused").first)
        #expect(line.text("failure") == "/var/lib/postern/queue.db: no space left on device")
        #expect(gate.store.receipts[0].json.contains(#""failure":"/var/lib/postern/queue.db"#))
        // The session goes on.
        gate.store.fail(nil)
        gate.mail()
        gate.rcpt("b@example.org")
        gate.data()
        #expect(gate.last.hasPrefix("data 250"))
    }

    @Test func aCommitUnderWayWhenTheClientLeavesStaysStored() throws {
        let gate = try Gate([], policy())
        gate.store.hold()
        gate.send(to: "b@example.org")
        gate.session.close()
        gate.store.commit()
        #expect(gate.store.accepted.count == 1)
        #expect(gate.queued.all.count == 1)
        #expect(gate.store.receipts.count == 1)
    }

    @Test func forgedFieldsAreGoneAndOursStand() throws {
        let gate = try Gate([], policy())
        gate.send(
            to: "b@example.org",
            text: "Received: from x\r\nX-Postern-Score: -100\r\n\tfolded\r\nAuthentication-Results: mx.gate.example; spf=pass\r\n"
                + "authentication-results: other.example; spf=fail\r\nSubject: x\r\n\r\nX-Postern-Score: in the body\r\n")
        #expect(
            gate.body == "Received: from x\r\nauthentication-results: other.example; spf=fail\r\nSubject: x\r\n\r\n"
                + "X-Postern-Score: in the body\r\n")
        #expect(gate.store.accepted[0].size == gate.body.utf8.count)
        let id = gate.store.accepted[0].queueID
        #expect(
            gate.copies[0].addedHeaders
                == "Received: from client.example ([192.0.2.1])\r\n\tby mx.gate.example (Postern) with ESMTP id \(id)\r\n"
                + "\tfor <b@example.org>;\r\n\tFri, 15 Jan 2027 08:00:00 +0000\r\n"
                + "X-Postern-Score: 0\r\nX-Postern-Disposition: accept\r\nX-Postern-Trace: \(id)\r\n")
    }

    @Test func receivedOverIPv6AndTLSForSeveralAndAHostileName() throws {
        let loop = ManualLoop()
        var session = SessionFacts(
            id: 1, role: .inbound, listener: "", client: IPAddress("2001:db8::1")!, clientPort: 1, connectedAt: loop.now)
        session.helo = "a\r\nBcc: x(;)é"
        session.isESMTP = true
        session.tls = TLSFacts(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384")
        var envelope = Envelope(reversePath: .null)
        envelope.recipients = ["b", "c"].map { Recipient(address: EmailAddress(localPart: $0, domain: "example.org")) }
        let id = QueueID(rawValue: 42)
        let text = TraceHeaders.received(
            ReceivedMessage(
                queueID: id, session: session, envelope: envelope, region: Region(copying: [UInt8]()), receivedAt: Timestamp(seconds: 0)),
            hostname: "mx.gate.example")
        #expect(
            text == "Received: from a??Bcc:?x?????  ([IPv6:2001:db8::1])".replacing("  ", with: " ")
                + "\r\n\tby mx.gate.example (Postern) with ESMTPS id \(id)\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384);\r\n"
                + "\tThu, 01 Jan 1970 00:00:00 +0000\r\n")
        // The other recipient is nobody's business.
        #expect(!text.contains("for <"))
    }

    @Test func manySymbolsAreFolded() {
        let decision = Decision(
            disposition: .tag, score: 6.25, thresholds: Thresholds(),
            contributions: (0..<150).map { Contribution(symbol: "SYMBOL_\($0)", score: 0.5, filter: "f", detail: "") }, reason: "",
            headers: [AddedHeader(name: "X-Note", value: "v")])
        let lines = TraceHeaders.explanation(decision, QueueID(rawValue: 0)).split(separator: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 78 })
        #expect(lines[0] == "X-Postern-Score: 6.25")
        #expect(lines.last == "X-Note: v")
        #expect(lines.contains { $0.hasSuffix("SYMBOL_99(0.5)") })
        #expect(!lines.contains { $0.contains("SYMBOL_100") })
    }

    @Test(arguments: [(50, "250"), (51, "554 5.4.6")]) func loops(_ count: Int, _ code: String) throws {
        let filter = ScriptedFilter("f")
        let gate = try Gate([filter], policy([domain("example.org", [[slot("f")]])]))
        gate.send(to: "b@example.org", text: String(repeating: "Received: from x\r\n\tby y\r\n", count: count) + "\r\n")
        #expect(gate.last.hasPrefix("data \(code)"))
        #expect(filter.runs.count == (count > 50 ? 0 : 1))
        #expect(gate.store.accepted.count == (count > 50 ? 0 : 1))
    }

    @Test func theReceiptSaysWhatHappened() throws {
        let filter = ScriptedFilter("hello") { _ in .done([Symbol(name: "HELLO", defaultScore: 5, detail: "a \"word\"")]) }
        let gate = try Gate([filter], policy([domain("example.org", [[slot("hello")]])]))
        gate.send(to: "b@example.org")
        let json = gate.store.receipts[0].json
        #expect(gate.store.receipts[0].kind == "inspected")
        #expect(json.contains(#""message_id":"<1@sender.example>""#))
        #expect(json.contains(#""name":"hello","phase":"data","home":"host","result":"done""#))
        #expect(json.contains(#""policy":"digest-of-example.org","disposition":"tag","score":5,"reason":"score 5 >= tag 5""#))
        #expect(json.contains(#"{"name":"HELLO","score":5,"filter":"hello","detail":"a \"word\""}"#))
        let line = try #require(gate.log.events("filter").first)
        #expect(line.queueID == gate.store.accepted[0].queueID)
        #expect(line.text("symbols") == "HELLO(5)" && line.text("to") == "b@example.org" && line.text("action") == "tag")
    }

    @Test func discardedForAllIsAcceptedAndNotStored() throws {
        let filter = ScriptedFilter("f") { _ in .done([], [Proposal(.discard(reason: "spam"))]) }
        let gate = try Gate([filter], policy([domain("example.org", [[slot("f")]])]))
        gate.send(to: "b@example.org")
        #expect(gate.last.hasPrefix("data 250"))
        #expect(gate.store.accepted.isEmpty)
        #expect(gate.store.receipts.count == 1)
    }
}
