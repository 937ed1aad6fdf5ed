import Mail
import Testing

@testable import Telemetry

@Suite struct LogLineTests {
    let time = Timestamp(microseconds: 1_795_298_400_000_123)

    func line(_ fields: [(StaticString, LogValue)], _ format: LogFormat = .logfmt, id: QueueID? = nil, session: UInt64? = nil) -> String {
        String(decoding: LogLine(MailEvent("queued", queueID: id, session: session, fields), at: time, format: format).bytes, as: UTF8.self)
    }

    @Test func namesTimeEventQueueIDAndSession() {
        let id = QueueID.first(at: time)
        #expect(
            line(
                [("from", "a@b.example"), ("size", .integer(4096)), ("score", .number(-1.5)), ("took", .duration(.microseconds(1234)))],
                id: id, session: 7)
                == "time=2026-11-21T22:00:00.000123Z event=queued id=\(id) session=7 from=a@b.example size=4096 score=-1.5 took=0.001234\n")
        #expect(
            line([("from", "a@b.example"), ("size", .integer(-1)), ("score", .number(.nan))], .json, id: id, session: 7)
                == #"{"time":"2026-11-21T22:00:00.000123Z","event":"queued","id":"\#(id)","session":7,"from":"a@b.example","size":-1,"score":null}"#
                + "\n")
    }

    /// (the peer's bytes, logfmt, JSON)
    static let hostile: [(String, String, String)] = [
        ("", #""""#, #""""#),
        ("a b", #""a b""#, #""a b""#),
        ("x event=delivered", #""x event=delivered""#, #""x event=delivered""#),
        ("a=b", #""a=b""#, #""a=b""#),
        ("say \"hi\"", #""say \"hi\"""#, #""say \"hi\"""#),
        ("back\\slash", #""back\\slash""#, #""back\\slash""#),
        ("\r\ntime=0 event=forged", #""\r\ntime=0 event=forged""#, #""\r\ntime=0 event=forged""#),
        ("\u{0}\u{1b}[2J\u{7f}", #""\u0000\u001b[2J\u007f""#, #""\u0000\u001b[2J\u007f""#),
        ("\u{85}\u{2028}\u{202e}evil\u{feff}", #""\u0085\u2028\u202eevil\ufeff""#, #""\u0085\u2028\u202eevil\ufeff""#),
        ("grüße", #""grüße""#, #""grüße""#),
        (String(decoding: [0xFF, 0x41] as [UInt8], as: UTF8.self), "\"\u{FFFD}A\"", "\"\u{FFFD}A\""),
        ("plain", "plain", #""plain""#),
    ]

    @Test(arguments: hostile) func hostileValuesStayInTheirField(_ row: (String, String, String)) {
        #expect(line([("v", .text(row.0))]) == "time=2026-11-21T22:00:00.000123Z event=queued v=\(row.1)\n")
        #expect(line([("v", .text(row.0))], .json) == #"{"time":"2026-11-21T22:00:00.000123Z","event":"queued","v":\#(row.2)}"# + "\n")
    }

    @Test func longValuesAndLinesAreCut() {
        let long = line([("v", .text(String(repeating: "x", count: 5000)))])
        #expect(long.hasSuffix("x...\"\n") && long.utf8.count < 1100)
        // Never in the middle of a character.
        let wide = line([("v", .text("x" + String(repeating: "€", count: 5000)))], .json)
        #expect(!wide.unicodeScalars.contains("\u{FFFD}") && wide.hasSuffix("€...\"}\n"))
        let many = line((0..<100).map { _ in ("v", .text(String(repeating: "\u{1}", count: 1024))) }, .json)
        #expect(many.utf8.count <= LogLine.maximumLine && many.hasSuffix(",\"cut\":true}\n"))
    }
}
