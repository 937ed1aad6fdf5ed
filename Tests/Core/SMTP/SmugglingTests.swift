import GatewayTestKit
import Mail
import Testing

@testable import SMTP

/// Every variant of SMTP smuggling, in every split around it, after DATA and in chunks, refused and normalised: the replies and the messages.
@Suite struct SmugglingTests {
    enum Mode: String, CaseIterable { case data, chunks, normalized, normalizedChunks }

    struct Result: Equatable {
        var replies: [String]
        var messages: [[UInt8]]
    }

    private func run(_ pieces: [[UInt8]], _ mode: Mode) -> Result {
        let normalizes = mode == .normalized || mode == .normalizedChunks
        let transport = ServerMachineTransport { $0.normalizesLineEnds = normalizes }
        transport.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<user@example.com>\r\n")
        if mode == .data || mode == .normalized {
            transport.send("DATA\r\n")
            _ = transport.lines()
            for piece in pieces { transport.send(piece) }
        } else {
            _ = transport.lines()
            for (index, piece) in pieces.enumerated() {
                transport.send(Array("BDAT \(piece.count)\(index == pieces.count - 1 ? " LAST" : "")\r\n".utf8) + piece)
            }
        }
        return Result(replies: transport.lines(), messages: transport.inspectors.record.messages)
    }

    /// Two pieces at each place around the sequence, and single bytes.
    private func splits(_ variant: SmugglingVariant, _ place: SmugglingVariant.Place) -> [[[UInt8]]] {
        let stream = variant.stream(place)
        let halves = variant.cuts(place).map { [Array(stream[..<$0]), Array(stream[$0...])] }
        return [[stream], stream.map { [$0] }] + halves
    }

    @Test(arguments: SmugglingVariant.all) func data(_ variant: SmugglingVariant) {
        for place in SmugglingVariant.Place.allCases {
            for (index, pieces) in splits(variant, place).enumerated() {
                let result = run(pieces, .data)
                let what = "\(variant) \(place) split \(index): \(result.replies)"
                switch variant.outcome {
                case .refused:
                    #expect(result.replies.count == 1 && result.replies[0].hasPrefix("550"), "\(what)")
                    #expect(result.messages.isEmpty, "\(what)")
                case .text:
                    #expect(result.replies.count == 1 && result.replies[0].hasPrefix("250"), "\(what)")
                    #expect(result.messages.count == 1, "\(what)")
                case .refusedThenEnd, .end:
                    let first = variant.outcome == .end ? "250" : "550"
                    #expect(result.replies.map { $0.prefix(3) } == [first[...], "250", "250", "354", "250"], "\(what)")
                    #expect(result.messages.count == (variant.outcome == .end ? 2 : 1), "\(what)")
                }
                check(result, what)
            }
        }
    }

    /// In chunks nothing is an end: one message, or none.
    @Test(arguments: SmugglingVariant.all) func chunks(_ variant: SmugglingVariant) {
        for place in SmugglingVariant.Place.allCases {
            for (index, pieces) in splits(variant, place).enumerated() {
                let result = run(pieces, .chunks)
                let what = "\(variant) \(place) split \(index): \(result.replies)"
                let isRefused = variant.outcome == .refused || variant.outcome == .refusedThenEnd
                #expect(result.replies.contains { $0.hasPrefix("550") } == isRefused, "\(what)")
                #expect(result.messages.count == (isRefused ? 0 : 1), "\(what)")
                check(result, what)
            }
        }
    }

    /// With `line_ends: normalize` what stood alone ends lines, and never a message.
    @Test(arguments: SmugglingVariant.all, [Mode.normalized, .normalizedChunks]) func normalized(_ variant: SmugglingVariant, mode: Mode) {
        for place in SmugglingVariant.Place.allCases {
            for (index, pieces) in splits(variant, place).enumerated() {
                let result = run(pieces, mode)
                let what = "\(variant) \(place) split \(index): \(result.replies)"
                let isTwo = variant.isTrueEnd && mode == .normalized
                #expect(result.messages.count == (isTwo ? 1 : 0) + (variant.hasNUL ? 0 : 1), "\(what)")
                check(result, what)
            }
        }
    }

    /// What is accepted holds no CR or LF that stands alone and no NUL, and on its way out no dot stands alone on a line.
    private func check(_ result: Result, _ what: String) {
        for message in result.messages {
            let rest = message.split(separator: [13, 10]).joined()
            #expect(!rest.contains(13) && !rest.contains(10) && !message.contains(0), "\(what)")
        }
    }

    private struct Case: Decodable {
        var name: String
        var data_stream_hex: String
        var messages_accepted_max: Int
    }

    /// smtp-smuggling of the public test data: 9 streams with the most messages that may come of each.
    @Test(.enabled(if: DataSet.isThere("smtp-smuggling"), "no smtp-smuggling in POSTERN_TESTDATA")) func dataSet() throws {
        let cases = try DataSet.json("smtp-smuggling/cases.json", as: [Case].self)
        #expect(cases.count >= 9)
        for item in cases {
            let hex = Array(item.data_stream_hex)
            let stream = stride(from: 0, to: hex.count, by: 2).map { UInt8(String(hex[$0...$0 + 1]), radix: 16)! }
            for cut in 0..<stream.count {
                let result = run([Array(stream[..<cut]), Array(stream[cut...])], .data)
                #expect(result.messages.count <= item.messages_accepted_max, "\(item.name) at \(cut)")
                check(result, item.name)
            }
        }
    }
}
