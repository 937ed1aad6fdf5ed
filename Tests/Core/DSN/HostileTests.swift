import Mail
import Testing

@testable import DSN

/// What peers, recipients and messages try with a DSN.
struct HostileTests {
    @Test func `words of a peer end no line, no field and no part`() throws {
        let evil = "no\r\nAction: delivered\r\n\r\n--=_\(Sample.id)_0--\r\n\u{1B}[2J\u{202E}gnihtemos\u{0}"
        let outcome = DeliveryOutcome.bounced(DeliveryFailure(reply: Reply(ReplyStatus(bare: 550), evil, "", evil), detail: evil))
        let composed = Sample.compose(Sample.message(to: ["bob@example.net"]), .failed, outcome, nextHop: "m\r\nX: y[192.0.2.1]:25")
        let found = try Sample.parsed(composed)
        #expect(!found.contains { $0.hasPrefix("DEFECT") }, "\(found)")
        #expect(found.filter { $0.hasPrefix("Action:") } == ["Action: failed"])
        #expect(found.filter { $0.hasPrefix("Status:") } == ["Status: 5.0.0"])
        #expect(found.filter { $0.hasPrefix("type ") }.count == 4)
        // The boundary that the peer guessed is not taken.
        #expect(found.first { $0.hasPrefix("report") } != nil && Sample.text(composed).contains("boundary=\"=_\(Sample.id)_1\""))
        #expect(composed.region.bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 })
    }

    @Test func `fields of the sender's own choice stay one line each`() throws {
        var message = Sample.message(to: ["bob@example.net"])
        message.dsn.envelopeID = "a\r\nX-Evil: 1\u{85}"
        message.recipients[0].originalRecipient = "rfc822;a+0D+0AX-Evil:+201@example.net"
        let found = try Sample.parsed(Sample.compose(message))
        #expect(!found.contains { $0.hasPrefix("X-Evil") || $0.hasPrefix("DEFECT") }, "\(found)")
        #expect(found.contains("Original-Envelope-Id: a X-Evil: 1?"))
        // What is no xtext stays as it was given.
        #expect(found.contains("Original-Recipient: rfc822; a+0D+0AX-Evil:+201@example.net"))
    }

    @Test func `a message that holds the boundary, or is broken, ends no part`() throws {
        for text in [
            "Subject: x\r\n--=_\(Sample.id)_0\r\n\r\n--=_\(Sample.id)_0--\r\n",
            "Subject: \u{1}\u{7F}\r\nX: \(String(repeating: "y", count: 5000))\r\n\r\nz",
            "", "no header at all", "\r\n\r\n", String(repeating: "A: \(String(repeating: "b", count: 900))\r\n", count: 500),
        ] {
            for returned in [DSNRequest.Returned.full, .headers] {
                var message = Sample.message(text, to: ["bob@example.net"])
                message.dsn.returned = returned
                let composed = Sample.compose(message)
                let found = try Sample.parsed(composed)
                #expect(found.filter { $0 == "Action: failed" }.count == 1)
                #expect(found.filter { $0.hasPrefix("type ") && $0 != "type text/plain" }.count >= 3, "\(text.prefix(60)): \(found)")
                #expect(composed.region.count <= StatusNotification.mostBytes)
                var longest = 0
                for line in composed.region.bytes.split(separator: 0x0A) { longest = max(longest, line.count) }
                #expect(longest <= 999)
            }
        }
    }

    @Test func `it stays small however many and long they are`() {
        let long = String(repeating: "x", count: 64) + "@" + String(repeating: "y", count: 250)
        var header: [UInt8] = []
        for _ in 0..<400 { header += Array("X: ".utf8) + Array(repeating: 0xFF, count: 900) + [0x0D, 0x0A] }
        var message = Sample.message(header, to: Array(repeating: long, count: 100))
        for i in message.recipients.indices { message.recipients[i].originalRecipient = "rfc822;" + String(repeating: "+41", count: 160) }
        let outcome = DeliveryOutcome.bounced(
            DeliveryFailure(
                reply: Reply(.unknownRecipient, lines: Array(repeating: String(repeating: "long ", count: 100), count: 100)), detail: ""))
        let composed = Sample.compose(message, .failed, outcome)
        #expect(composed.region.count <= StatusNotification.mostBytes)
        let text = Sample.text(composed)
        #expect(text.contains("and 80 more") && text.split(separator: "Final-Recipient:").count == 101)
    }

    /// However many there are, and whatever became of each.
    @Test func `of more recipients than one DSN tells of the others are left out`() {
        let long = String(repeating: "x", count: 64) + "@" + String(repeating: "y", count: 250)
        let message = Sample.message(Sample.letter, to: Array(repeating: long, count: 300))
        let words = DeliveryOutcome.bounced(DeliveryFailure(detail: String(repeating: "long ", count: 200)))
        let told = message.recipients.map {
            NotifiedRecipient($0, NotifiedAction.allCases[$0.index % 4], words, nextHop: String(repeating: "z", count: 300) + ":25")
        }
        let composed = StatusNotification(about: message, to: Sample.sender, told, hostname: "mx.gateway.example")
            .composed(as: Sample.id, at: Sample.now)
        #expect(composed.region.count <= StatusNotification.mostBytes)
        #expect(Sample.text(composed).split(separator: "Final-Recipient:").count == 101)
    }

    @Test func `who is told`() {
        var message = Sample.message(to: ["bob@example.net"])
        func told(_ notify: NotifyConditions?) -> [Bool] {
            var copy = message.recipients[0]
            copy.notify = notify
            let rule = NotifyRule(message)
            return [.failure, .delay, .success].map { rule.tells($0, of: copy) }
        }
        #expect(told(nil) == [false, false, false])
        message.isSenderAuthenticated = true
        #expect(told(nil) == [true, true, false])
        #expect(told(.never) == [false, false, false])
        #expect(told([.success, .delay]) == [false, true, true])
        message.reversePath = .null
        #expect(told([.success, .failure, .delay]) == [false, false, false])
    }
}
