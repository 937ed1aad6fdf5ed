import Foundation
import GatewayTestKit
import Testing

/// Who gets mail at all: callouts to a real socket, searches for addresses, spellings of a domain.
@Suite(.serialized) struct RecipientTests {
    /// A customer's server that knows two mailboxes and counts what it is asked.
    private func customer() async throws -> ScriptedNextHop {
        try await ScriptedNextHop { _, moment in
            guard moment.verb == "RCPT", case .command(let line) = moment, !line.contains("<known@"), !line.contains("<abuse@") else {
                return nil
            }
            return .reply("550 5.1.1 no such user here")
        }
    }

    @Test(.enabled(if: Tool.isStaged)) func calloutsAskOnceAndRefuseTheUnknown() async throws {
        let hop = try await customer()
        let gateway = try GatewayUnderTest(nextHop: hop.port, domain: "recipients: callout")
        try gateway.start()
        defer { gateway.stop() }
        for _ in 1...3 {
            #expect(try gateway.send(to: ["known@example.com"])[0].hasPrefix("250 "))
            #expect(try gateway.send(to: ["stranger@example.com"]) == ["550 5.1.1 No such recipient"])
        }
        #expect(try gateway.send(to: ["abuse@example.com"])[0].hasPrefix("250 "))
        #expect(Tool.wait { hop.messages.count == 4 })
        let asked = hop.commands.filter { $0.contains("stranger@") }
        #expect(asked == ["RCPT TO:<stranger@example.com>"], "remembered")
        #expect(Tool.wait { gateway.logText.contains("reason=\"callout: 550 5.1.1 no such user here\"") })
        #expect(try gateway.metric("postern_callouts_total{result=\"unknown\"}") == 3)
        await hop.close()
    }

    @Test(.enabled(if: Tool.isStaged)) func mailIsTakenWhileTheCustomersServerIsDown() async throws {
        let port = Tool.freePort()
        let gateway = try GatewayUnderTest(nextHop: port, domain: "recipients: callout")
        try gateway.start()
        defer { gateway.stop() }
        #expect(try gateway.send(to: ["known@example.com"])[0].hasPrefix("250 "))
        try gateway.writeDomain("recipients: {callout: {undetermined: defer}}")
        #expect(try Tool.wait { try gateway.send(to: ["known@example.com"])[0].hasPrefix("451 4.4.1") })
        let sink = try SinkUnderTest(port: port)
        defer { sink.stop() }
        #expect(Tool.wait { sink.messages.count >= 1 }, "what was taken is delivered later")
    }

    @Test(.enabled(if: Tool.isStaged)) func aSearchForAddressesEndsTheSession() throws {
        let sink = try SinkUnderTest()
        defer { sink.stop() }
        let gateway = try GatewayUnderTest(
            nextHop: sink.port, domain: "recipients: {list: [known]}\naliases: [xn--bcher-kva.example]",
            more: "limits: {unknown_recipients: 5}")
        try gateway.start()
        defer { gateway.stop() }
        let script = """
            import smtplib
            s = smtplib.SMTP('127.0.0.1', \(gateway.port), timeout=60)
            s.ehlo('client.example'); s.mail('a@sender.example')
            for r in ['known', 'known+tag', 'abuse'] + ['guess%d' % n for n in range(9)]:
                try: print(r, s.rcpt(r + '@example.com')[0], flush=True)
                except smtplib.SMTPServerDisconnected: print('closed'); break
            """
        let heard = try Tool.run(["python3", "-"], input: script).output.split(separator: "\n").map(String.init)
        #expect(
            heard == [
                "known 250", "known+tag 250", "abuse 250", "guess0 550", "guess1 550", "guess2 550", "guess3 550", "guess4 421", "closed",
            ])
        #expect(Tool.wait { gateway.logText.contains("event=harvest") })
        #expect(try gateway.metric("postern_unknown_recipients_total") == 5)
        #expect(try gateway.send(to: ["known@xn--bcher-kva.example"])[0].hasPrefix("250 "))
    }
}
