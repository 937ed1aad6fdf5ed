import GatewayTestKit
import Mail
import NIOCore
import Testing

@testable import Deliver

/// What a next hop may do wrong, and what becomes of the message for recipients a and b.
@Suite struct MisbehavingNextHopTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: [String]
        /// Is in the detail of the first outcome.
        var says: String
        var script: @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step?

        init(
            _ name: String, _ words: [String], _ says: String,
            _ script: @escaping @Sendable (ScriptedNextHop.Moment) -> ScriptedNextHop.Step?
        ) {
            testDescription = name
            self.words = words
            self.says = says
            self.script = { _, moment in script(moment) }
        }
    }

    private static let fault = ["deferred - fault", "deferred - fault"]

    private static func at(_ verb: String, _ step: ScriptedNextHop.Step) -> @Sendable (ScriptedNextHop.Moment) -> ScriptedNextHop.Step? {
        { $0.verb == verb ? step : nil }
    }

    private static func at(_ when: ScriptedNextHop.Moment, _ step: ScriptedNextHop.Step)
        -> @Sendable (ScriptedNextHop.Moment)
        -> ScriptedNextHop.Step?
    { { $0 == when ? step : nil } }

    static let rows: [Row] = [
        Row("closes at once", fault, "closed", at(.connected, .close)),
        Row("stalls at once", fault, "no answer in time (waiting for the reply to connect)", at(.connected, .stall)),
        Row("greets with 554", ["deferred 554 fault", "deferred 554 fault"], "in reply to connect", at(.connected, .reply("554 no"))),
        Row(
            "greets with 421", ["deferred 421 fault", "deferred 421 fault"], "in reply to connect",
            at(.connected, .replyThenClose("421 no"))),
        Row("speaks HTTP", fault, "not an SMTP reply", at(.connected, .reply("HTTP/1.1 400 Bad Request"))),
        Row("greets for ever", fault, "endless reply", at(.connected, .endless("220-welcome"))),
        Row("greets in one endless line", fault, "more than", at(.connected, .reply("220 " + String(repeating: "x", count: 100_000)))),
        Row("EHLO for ever", fault, "endless reply", at("EHLO", .endless("250-X"))),
        Row("EHLO stalls", fault, "no answer in time", at("EHLO", .stall)),
        Row("EHLO 421", ["deferred 421 fault", "deferred 421 fault"], "EHLO", at("EHLO", .reply("421 no"))),
        Row("EHLO refused, HELO taken", ["delivered 250", "delivered 250"], "", at("EHLO", .reply("500 what"))),
        Row("MAIL 451", ["deferred 451", "deferred 451"], "in reply to MAIL", at("MAIL", .reply("451 4.7.1 greylisted"))),
        Row("MAIL 550", ["bounced 550", "bounced 550"], "in reply to MAIL", at("MAIL", .reply("550 5.7.1 no"))),
        Row("MAIL 421", ["deferred 421 fault", "deferred 421 fault"], "MAIL", at("MAIL", .replyThenClose("421 no"))),
        Row("MAIL closes", fault, "waiting for the reply to MAIL", at("MAIL", .close)),
        Row(
            "one RCPT 450", ["deferred 450", "delivered 250"], "in reply to RCPT",
            at(.command("RCPT TO:<a@d.example>"), .reply("450 later"))),
        Row("one RCPT 550", ["bounced 550", "delivered 250"], "in reply to RCPT", at(.command("RCPT TO:<a@d.example>"), .reply("550 no"))),
        Row("RCPT stalls", fault, "waiting for the reply to RCPT", at("RCPT", .stall)),
        Row("all RCPT 550", ["bounced 550", "bounced 550"], "in reply to RCPT", at("RCPT", .reply("550 no"))),
        Row("DATA 452", ["deferred 452", "deferred 452"], "in reply to DATA", at("DATA", .reply("452 full"))),
        Row("DATA 554", ["bounced 554", "bounced 554"], "in reply to DATA", at("DATA", .reply("554 no"))),
        Row("DATA 250", fault, "unexpected reply to DATA", at("DATA", .reply("250 what"))),
        Row("closes mid-DATA", fault, "end of data") { if case .bytes = $0 { .close } else { nil } },
        Row("end of data 451", ["deferred 451", "deferred 451"], "end of data", at(.endOfData, .reply("451 later"))),
        Row("end of data 554", ["bounced 554", "bounced 554"], "end of data", at(.endOfData, .reply("554 spam"))),
        Row("end of data garbage", fault, "not an SMTP reply", at(.endOfData, .reply("thank you"))),
        Row("end of data stalls", fault, "no answer in time", at(.endOfData, .stall)),
        Row("end of data closes", fault, "end of data", at(.endOfData, .close)),
        Row("end of data for ever", fault, "endless reply", at(.endOfData, .endless("250-ok"))),
        Row("takes it and says more", ["delivered 250", "delivered 250"], "", at(.endOfData, .reply("250 ok\r\n250 and more"))),
    ]

    @Test(arguments: rows) func row(_ row: Row) async throws {
        let hop = try await ScriptedNextHop(script: row.script)
        let delivery = Delivery { if row.testDescription.contains("stalls") { $0.replyTimeout = .seconds(5) } }
        // Large enough that it cannot all be on its way before the next hop has closed.
        let body = row.testDescription == "closes mid-DATA" ? String(repeating: "x\r\n", count: 1 << 20) : "x\r\n"
        let report = await delivery.send(body, to: ["a@d.example", "b@d.example"], via: hop.hop())
        #expect(report.words == row.words)
        #expect(row.says.isEmpty || report.details[0].contains(row.says), "\(report.details)")
        // And the next message is none the worse for it: the same outcome, or the same delivery.
        if row.words[0].hasPrefix("delivered") {
            #expect(await delivery.send(to: ["c@d.example"], via: hop.hop()).words == ["delivered 250"])
        }
        if row.words == Self.fault { #expect(await eventually { delivery.client.openConnections == 0 }) }
        await hop.close()
    }

    @Test func refusedConnection() async throws {
        // Discard (RFC 863): nobody listens there, and no other test can be given this port.
        let report = await Delivery().send(via: NextHop(host: "127.0.0.1", port: 9, tls: .never))
        #expect(report.words == ["deferred - fault"])
        #expect(report.details == ["connect to 127.0.0.1[127.0.0.1]:9: connection refused"])
        #expect(report.nextHop == "127.0.0.1[127.0.0.1]:9")
    }

    @Test func everyFaultMovesOnToTheNextHop() async throws {
        let good = try await ScriptedNextHop()
        await withTaskGroup(of: Void.self) { group in
            for row in Self.rows where row.words[0].hasSuffix("fault") {
                group.addTask {
                    guard let bad = try? await ScriptedNextHop(script: row.script) else { return }
                    let delivery = Delivery { if row.testDescription.contains("stalls") { $0.replyTimeout = .seconds(5) } }
                    let report = await delivery.send(
                        to: ["a@d.example", "b@d.example"], via: bad.hop(preference: 1), good.hop(preference: 2))
                    #expect(report.words == ["delivered 250", "delivered 250"], "\(row.testDescription): \(report.details)")
                    await bad.close()
                }
            }
        }
        await good.close()
    }
}
