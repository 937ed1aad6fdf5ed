/// A next hop that does something wrong, and what then becomes of a message for the recipients a and b of any domain.
public struct Misbehaviour: Sendable, CustomStringConvertible {
    public enum Transport: Sendable { case clear, opportunisticTLS, lmtp }

    public let description: String
    /// Of an attempt that has no other next hop: `delivered 250`, `deferred -`, ... with `fault` where it was the next hop's.
    public let words: [String]
    /// Is in the words about the first recipient.
    public let says: String
    public let transport: Transport
    /// It takes the time for a reply.
    public let isSlow: Bool
    /// Needs a message of some megabytes: it must not all be on its way before the next hop acts.
    let isAboutLargeMessages: Bool
    public let extensions: [String]
    public let script: @Sendable (Int, ScriptedNextHop.Moment) -> ScriptedNextHop.Step?

    /// The connection is of no more use.
    public var isFault: Bool { words[0].hasSuffix("fault") && !isRefusal || words[0] == "deferred -" }
    private var isRefusal: Bool { ["451", "452", "530", "554 to MAIL"].contains { description.hasPrefix($0) } }
    /// Of the message: BDAT is for those that are not small.
    public var lineCount: Int {
        isAboutLargeMessages ? 200_000 : extensions.contains("CHUNKING") || description.contains("BDAT") ? 2000 : 1
    }

    init(
        _ name: String, _ words: [String], _ says: String = "", _ transport: Transport = .clear, slow: Bool = false, large: Bool = false,
        extensions: [String] = [], does script: @escaping @Sendable (ScriptedNextHop.Moment) -> ScriptedNextHop.Step?
    ) {
        description = name
        self.words = words
        self.says = says
        self.transport = transport
        self.isSlow = slow
        self.isAboutLargeMessages = large
        self.extensions = extensions
        self.script = { _, moment in script(moment) }
    }

    private static let fault = ["deferred - fault", "deferred - fault"]
    /// It may have the message: nobody else is asked.
    private static let lost = ["deferred -", "deferred -"]
    private static let closing = ["deferred 421 fault", "deferred 421 fault"]
    private static let delivered = ["delivered 250", "delivered 250"]

    private typealias Script = @Sendable (ScriptedNextHop.Moment) -> ScriptedNextHop.Step?

    private static func at(_ verb: String, _ step: ScriptedNextHop.Step) -> Script { { $0.verb == verb ? step : nil } }
    private static func at(_ when: ScriptedNextHop.Moment, _ step: ScriptedNextHop.Step) -> Script { { $0 == when ? step : nil } }

    /// The first recipient's RCPT.
    private static func atFirst(_ step: ScriptedNextHop.Step) -> Script {
        { moment in if case .command(let line) = moment, line.hasPrefix("RCPT TO:<a@") { step } else { nil } }
    }

    private static func inData(_ step: ScriptedNextHop.Step) -> Script { { if case .bytes = $0 { step } else { nil } } }

    /// Offers STARTTLS, and this comes of it.
    private static func tls(_ step: ScriptedNextHop.Step) -> Script {
        { $0.verb == "EHLO" ? .reply("250-hop\r\n250 STARTTLS") : $0.verb == "STARTTLS" ? step : nil }
    }

    public static let all: [Misbehaviour] = greetings + envelopes + data + chunks + surplus + encryption + lmtp

    private static let greetings = [
        Misbehaviour("closes at once", fault, "closed", does: at(.connected, .close)),
        Misbehaviour(
            "says nothing", fault, "no answer in time (waiting for the reply to connect)", slow: true, does: at(.connected, .stall)),
        Misbehaviour(
            "greets with 554", ["deferred 554 fault", "deferred 554 fault"], "in reply to connect", does: at(.connected, .reply("554 no"))),
        Misbehaviour("greets with 421", closing, "in reply to connect", does: at(.connected, .replyThenClose("421 no"))),
        Misbehaviour("speaks HTTP", fault, "not an SMTP reply", does: at(.connected, .reply("HTTP/1.1 400 Bad Request"))),
        Misbehaviour("greets for ever, as fast as it can", fault, "endless reply", does: at(.connected, .endless("220-welcome"))),
        Misbehaviour("greets for ever, a little at a time", fault, "no answer in time", slow: true, does: at(.connected, .drip("220-"))),
        Misbehaviour(
            "greets in one endless line", fault, "more than", does: at(.connected, .reply("220 " + String(repeating: "x", count: 100_000)))),
        Misbehaviour("endless reply to EHLO", fault, "endless reply", does: at("EHLO", .endless("250-X"))),
        Misbehaviour("no reply to EHLO", fault, "no answer in time", slow: true, does: at("EHLO", .stall)),
        Misbehaviour("421 to EHLO", closing, "EHLO", does: at("EHLO", .reply("421 no"))),
        Misbehaviour("refuses EHLO, takes HELO", delivered, does: at("EHLO", .reply("500 what"))),
        Misbehaviour(
            "NUL and other control characters in EHLO", delivered, does: at("EHLO", .reply("250-hop\0\u{1B}[2J\u{7}\r\n250 \0SIZE"))),
        Misbehaviour("codes that disagree in EHLO", fault, "not an SMTP reply", does: at("EHLO", .reply("250-hop\r\n550 SIZE"))),
    ]

    private static let envelopes = [
        Misbehaviour(
            "451 to MAIL", ["deferred 451 fault", "deferred 451 fault"], "in reply to MAIL",
            does: at("MAIL", .reply("451 4.7.1 greylisted"))),
        Misbehaviour("550 to MAIL", ["bounced 550", "bounced 550"], "in reply to MAIL", does: at("MAIL", .reply("550 5.7.1 no"))),
        Misbehaviour(
            "554 to MAIL, about itself", ["deferred 554 fault", "deferred 554 fault"], "in reply to MAIL",
            does: at("MAIL", .reply("554 5.3.5 misconfigured"))),
        Misbehaviour(
            "452 to RCPT, about itself", ["deferred 452 fault", "deferred 452 fault"], "in reply to RCPT",
            does: at("RCPT", .reply("452 4.3.1 disk full"))),
        Misbehaviour("421 to MAIL", closing, "MAIL", does: at("MAIL", .replyThenClose("421 no"))),
        Misbehaviour("closes at MAIL", fault, "waiting for the reply to MAIL", does: at("MAIL", .close)),
        Misbehaviour("150 to MAIL", fault, "not an SMTP reply", does: at("MAIL", .reply("150 wait"))),
        Misbehaviour("354 to MAIL", fault, "unexpected reply to MAIL", does: at("MAIL", .reply("354 go on"))),
        Misbehaviour("450 to one RCPT", ["deferred 450", "delivered 250"], "in reply to RCPT", does: atFirst(.reply("450 later"))),
        Misbehaviour("550 to one RCPT", ["bounced 550", "delivered 250"], "in reply to RCPT", does: atFirst(.reply("550 no"))),
        Misbehaviour("550 to all RCPT", ["bounced 550", "bounced 550"], "in reply to RCPT", does: at("RCPT", .reply("550 no"))),
        Misbehaviour("421 to RCPT", closing, "RCPT", does: at("RCPT", .replyThenClose("421 no"))),
        Misbehaviour("no reply to RCPT", fault, "waiting for the reply to RCPT", slow: true, does: at("RCPT", .stall)),
        Misbehaviour("one reply too few in pipelining", fault, "unexpected reply to RCPT", does: atFirst(.nothing)),
        Misbehaviour("one reply too many in pipelining", fault, "unexpected reply to DATA", does: atFirst(.reply("250 ok\r\n250 ok"))),
        Misbehaviour(
            "a reply behind that to EHLO", fault, "a reply that nothing asked for", does: at("EHLO", .reply("250 hop\r\n250 ok"))),
        Misbehaviour(
            "announces SIZE 5", ["bounced -", "bounced -"], "5.3.4 ", does: at("EHLO", .reply("250-hop\r\n250 SIZE 5"))),
        Misbehaviour(
            "announces SIZE -1 and SIZE of 30 digits", delivered,
            does: at("EHLO", .reply("250-hop\r\n250-SIZE -1\r\n250 SIZE \(String(repeating: "9", count: 30))"))),
    ]

    private static let data = [
        Misbehaviour(
            "452 to DATA", ["deferred 452 fault", "deferred 452 fault"], "in reply to DATA", does: at("DATA", .reply("452 full"))),
        Misbehaviour("554 to DATA", ["bounced 554", "bounced 554"], "in reply to DATA", does: at("DATA", .reply("554 no"))),
        Misbehaviour("503 to DATA", fault, "unexpected reply to DATA", does: at("DATA", .reply("503 what"))),
        Misbehaviour(
            "takes the message before it has come", fault, "a reply that nothing asked for",
            does: at("DATA", .reply("354 go on\r\n250 taken"))),
        Misbehaviour("250 to DATA", fault, "unexpected reply to DATA", does: at("DATA", .reply("250 what"))),
        Misbehaviour("no reply to DATA", fault, "waiting for the reply to DATA", slow: true, does: at("DATA", .stall)),
        Misbehaviour("closes amid the message", fault, "end of data", large: true, does: inData(.close)),
        Misbehaviour("reads no further amid the message", fault, "no answer in time", slow: true, large: true, does: inData(.stall)),
        Misbehaviour(
            "250 amid the message", fault, "a reply ", large: true, does: inData(.replyThenStall("250 thanks"))),
        Misbehaviour("451 at the end of data", ["deferred 451", "deferred 451"], "end of data", does: at(.endOfData, .reply("451 later"))),
        Misbehaviour("554 at the end of data", ["bounced 554", "bounced 554"], "end of data", does: at(.endOfData, .reply("554 spam"))),
        Misbehaviour(
            "451 at the end of data, about itself", ["deferred 451 fault", "deferred 451 fault"], "end of data",
            does: at(.endOfData, .reply("451 4.3.0 queue file write error"))),
        Misbehaviour("354 at the end of data", lost, "unexpected reply to end of data", does: at(.endOfData, .reply("354 more"))),
        Misbehaviour("421 at the end of data", closing, "end of data", does: at(.endOfData, .replyThenClose("421 no"))),
        Misbehaviour("garbage at the end of data", lost, "not an SMTP reply", does: at(.endOfData, .reply("thank you"))),
        Misbehaviour("takes it and says nothing", lost, "no answer in time", slow: true, does: at(.endOfData, .stall)),
        Misbehaviour("takes it and closes", lost, "end of data", does: at(.endOfData, .close)),
        Misbehaviour("endless reply at the end of data", lost, "endless reply", does: at(.endOfData, .endless("250-ok"))),
        Misbehaviour("takes it and says more", delivered, does: at(.endOfData, .reply("250 ok\r\n250 and more"))),
    ]

    private static let chunks = [
        Misbehaviour("announces CHUNKING, does not know BDAT", delivered) {
            $0.verb == "EHLO" ? .reply("250-hop\r\n250-PIPELINING\r\n250 CHUNKING") : nil
        },
        Misbehaviour(
            "452 to BDAT", ["deferred 452", "deferred 452"], "in reply to BDAT", extensions: ["CHUNKING"],
            does: at("BDAT", .reply("452 full"))),
        Misbehaviour(
            "354 to BDAT", lost, "unexpected reply to BDAT", extensions: ["CHUNKING"], does: at("BDAT", .reply("354 go on"))),
        Misbehaviour("closes at BDAT", lost, "waiting for the reply to BDAT", extensions: ["CHUNKING"], does: at("BDAT", .close)),
    ]

    private static let surplus = [
        Misbehaviour(
            "CHUNKING: one reply too many in pipelining", fault, "a reply that nothing asked for", extensions: ["CHUNKING"]
        ) { moment in
            guard case .command(let line) = moment, line.hasPrefix("RCPT") else { return nil }
            // In one piece, so that the one too many is there before BDAT goes out.
            return line.hasPrefix("RCPT TO:<a@") ? .nothing : .reply("250 ok\r\n250 ok\r\n250 ok")
        },
        Misbehaviour(
            "CHUNKING: RCPT's reply to BDAT", lost, "unexpected reply to BDAT", extensions: ["CHUNKING"],
            does: at("BDAT", .reply("250 2.1.5 ok"))),
        Misbehaviour(
            "CHUNKING: two replies to BDAT", lost, "unexpected reply to BDAT", extensions: ["CHUNKING"],
            does: at("BDAT", .reply("250 ok\r\n552 no"))),
    ]

    private static let encryption = [
        Misbehaviour("garbage for a handshake", delivered, "", .opportunisticTLS, does: tls(.brokenTLS("220 go"))),
        Misbehaviour("closes instead of a handshake", delivered, "", .opportunisticTLS, does: tls(.replyThenClose("220 go"))),
        Misbehaviour("no handshake", delivered, "", .opportunisticTLS, slow: true, does: tls(.replyThenStall("220 go"))),
        Misbehaviour("454 to STARTTLS", delivered, "", .opportunisticTLS, does: tls(.reply("454 4.7.0 not now"))),
        Misbehaviour(
            "no handshake, and 530 to MAIL", ["deferred 530 fault", "deferred 530 fault"], "in reply to MAIL", .opportunisticTLS
        ) { tls(.brokenTLS("220 go"))($0) ?? ($0.verb == "MAIL" ? .reply("530 5.7.0 Must issue STARTTLS first") : nil) },
        Misbehaviour("closes at STARTTLS", fault, "STARTTLS", .opportunisticTLS, does: tls(.close)),
        Misbehaviour("bytes in clear behind STARTTLS", fault, "attack", .opportunisticTLS, does: tls(.injected(Array("250 hi\r\n".utf8)))),
    ]

    private static let lmtp = [
        Misbehaviour(
            "LMTP: refuses LHLO", ["deferred 500 fault", "deferred 500 fault"], "LHLO", .lmtp, does: at("LHLO", .reply("500 what"))),
        Misbehaviour(
            "LMTP: one reply too few, then closes", ["delivered 250", "deferred -"], "", .lmtp,
            does: at(.endOfData, .replyThenClose("250 first"))),
        Misbehaviour(
            "LMTP: one reply too few, then nothing", ["delivered 250", "deferred -"], "", .lmtp, slow: true,
            does: at(.endOfData, .replyThenStall("250 first"))),
        Misbehaviour(
            "LMTP: one reply too many", delivered, "", .lmtp, does: at(.endOfData, .reply("250 first\r\n250 second\r\n250 third"))),
    ]
}
