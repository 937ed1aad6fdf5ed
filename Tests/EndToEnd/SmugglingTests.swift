import Foundation
import GatewayTestKit
import Testing

/// Through the running gateway to a next hop that ends a message at anything that looks like it: what comes out is what was accepted, each
/// message once, and never the smuggled one. README.md has the table that this makes.
@Suite(.serialized) struct SmugglingTests {
    enum Mode: String, CaseIterable {
        case data = "DATA"
        case chunks = "BDAT"
        case normalized = "DATA, normalize"
        case normalizedChunks = "BDAT, normalize"
        case startTLS = "DATA, STARTTLS"
        case implicitTLS = "DATA, implicit TLS"

        var isChunks: Bool { self == .chunks || self == .normalizedChunks }
        var normalizes: Bool { self == .normalized || self == .normalizedChunks }
    }

    private struct Case: Encodable {
        var id: Int
        var port: Int
        var tls: String?
        var chunks: Bool
        var from: String
        var pieces: [String]

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(id, forKey: .id)
            try values.encode(port, forKey: .port)
            try values.encode(tls, forKey: .tls)
            try values.encode(chunks, forKey: .chunks)
            try values.encode(from, forKey: .from)
            try values.encode(pieces, forKey: .pieces)
        }
        enum CodingKeys: CodingKey { case id, port, tls, chunks, from, pieces }
    }

    private struct Replies: Decodable {
        var id: Int
        var replies: [String]
    }

    private struct Message: Decodable {
        var from: String
        var to: [String]
        var text: String
    }

    /// What one case brought: the replies, and what came out at the next hop.
    private struct Outcome {
        var variant: SmugglingVariant
        var mode: Mode
        var replies: [String] = []
        var own = 0
        var smuggled = 0

        /// The reply to the message, and to the second where the sequence is a true end.
        var queued: Int { replies.filter { $0.contains("queued as") }.count }
        var first: String { replies.first { !$0.contains("octets received") } ?? "nothing" }
    }

    private static let script = Tool.tree + "/Tests/EndToEnd/Smuggling/"

    private func hop(_ folder: TemporaryFolder, _ name: String) throws -> (daemon: Daemon, port: Int, file: String) {
        let port = Tool.freePort()
        let file = folder.path + "/" + name
        let daemon = try Daemon(["/usr/bin/env", "python3", Self.script + "lenient-next-hop.py", "\(port)", file], log: file + ".log")
        try #require(Tool.wait { Tool.isListening(port) }, "the next hop did not start: \(daemon.text)")
        return (daemon, port, file)
    }

    private func messages(_ file: String) throws -> [Message] {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Message.self, from: Data($0.utf8)) }
    }

    private func send(_ cases: [Case], _ folder: TemporaryFolder) throws -> [Int: [String]] {
        let file = folder.path + "/cases.json"
        try JSONEncoder().encode(cases).write(to: URL(filePath: file))
        let result = try Tool.run(["python3", Self.script + "smuggle.py", file], seconds: 300)
        try #require(result.status == 0, "\(result.errors)")
        var replies: [Int: [String]] = [:]
        for line in result.output.split(separator: "\n") {
            let one = try JSONDecoder().decode(Replies.self, from: Data(line.utf8))
            replies[one.id] = one.replies
        }
        return replies
    }

    private func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whole, and in the clear also in two packets, or chunks, at each place around the sequence.
    private func splits(_ variant: SmugglingVariant, _ mode: Mode, _ stream: [UInt8]) -> [[String]] {
        let cuts = variant.cuts().map { [hex(stream[..<$0]), hex(stream[$0...])] }
        return [[hex(stream)]] + (mode == .data || mode == .chunks || mode == .normalized ? cuts : [])
    }

    @Test(.enabled(if: Tool.isStaged)) func nothingIsSmuggled() throws {
        let folder = try TemporaryFolder()
        let hop = try hop(folder, "out.json")
        defer { hop.daemon.stop(SIGKILL) }
        let certificate = try Tool.certificate()
        let ports = (normalize: Tool.freePort(), implicit: Tool.freePort())
        let gateway = try GatewayUnderTest(nextHop: hop.port, certificate: certificate)
        let tls = "tls: {certificate: \(certificate.path)/cert.pem, key: \(certificate.path)/key.pem"
        let configuration = try String(contentsOfFile: gateway.configuration + "/postern.yaml", encoding: .utf8)
        let listeners = """
            listen:
              - {address: 127.0.0.1, port: \(gateway.port), role: inbound, \(tls)}}
              - {address: 127.0.0.1, port: \(ports.normalize), role: inbound, line_ends: normalize}
              - {address: 127.0.0.1, port: \(ports.implicit), role: inbound, \(tls), implicit: true}}
            """
        let lines = configuration.split(separator: "\n", omittingEmptySubsequences: false)
        try gateway.write("postern.yaml", lines.map { $0.hasPrefix("listen:") ? listeners[...] : $0 }.joined(separator: "\n"))
        try gateway.start()
        defer { gateway.stop() }

        var outcomes: [Outcome] = []
        var cases: [Case] = []
        for mode in Mode.allCases {
            for variant in SmugglingVariant.all {
                for pieces in splits(variant, mode, variant.stream(recipient: "")) {
                    let id = outcomes.count
                    // The second transaction's recipient tells whose it was.
                    let mark = hex("RCPT TO:<>".utf8)
                    let marked = pieces.map { $0.replacing(mark, with: hex("RCPT TO:<s\(id)@example.com>".utf8)) }
                    outcomes.append(Outcome(variant: variant, mode: mode))
                    cases.append(
                        Case(
                            id: id, port: mode.normalizes ? ports.normalize : mode == .implicitTLS ? ports.implicit : gateway.port,
                            tls: mode == .startTLS ? "starttls" : mode == .implicitTLS ? "implicit" : nil, chunks: mode.isChunks,
                            from: "c\(id)@sender.example", pieces: marked))
                }
            }
        }
        for (id, replies) in try send(cases, folder) { outcomes[id].replies = replies }
        let accepted = outcomes.reduce(0) { $0 + $1.queued }
        #expect(accepted > 100)
        #expect(try Tool.wait(120) { try messages(hop.file).count >= accepted }, "\(accepted) accepted")
        #expect(try Tool.wait { try gateway.json("queue", "list").isEmpty })

        for message in try messages(hop.file) {
            if let id = number(message.from, between: "<c", and: "@sender.example>") {
                outcomes[id].own += 1
            } else {
                #expect(message.from.contains(SmugglingVariant.smuggler), "\(message.from)")
                for recipient in message.to { if let id = number(recipient, between: "<s", and: "@") { outcomes[id].smuggled += 1 } }
            }
        }
        for (id, outcome) in outcomes.enumerated() { check(outcome, id) }
        try compareWithReadMe(outcomes)
    }

    private func number(_ text: String, between start: String, and end: String) -> Int? {
        guard let from = text.range(of: start), let to = text.range(of: end, range: from.upperBound..<text.endIndex) else { return nil }
        return Int(text[from.upperBound..<to.lowerBound])
    }

    private func check(_ outcome: Outcome, _ id: Int) {
        let variant = outcome.variant
        let isTaken = outcome.mode.normalizes ? !variant.hasNUL : variant.outcome == .text || variant.outcome == .end
        // Behind a true end of data the client's next transaction is its own.
        let isTwo = variant.isTrueEnd && !outcome.mode.isChunks
        let what = "case \(id), \(variant) by \(outcome.mode.rawValue): \(outcome.replies)"
        #expect(outcome.own == (isTaken ? 1 : 0), "\(outcome.own) came out of \(what)")
        #expect(outcome.smuggled == (isTwo ? 1 : 0), "\(outcome.smuggled) were smuggled by \(what)")
        #expect(outcome.queued == outcome.own + outcome.smuggled, "\(what)")
        #expect(outcome.first.hasPrefix(isTaken ? "250" : "550"), "\(what)")
    }

    // MARK: The table

    /// One line for each variant, worst over all its splits.
    private func compareWithReadMe(_ outcomes: [Outcome]) throws {
        let modes: [Mode] = [.data, .normalized, .chunks, .normalizedChunks]
        var table = "| between two transactions | " + modes.map(\.rawValue).joined(separator: " | ") + " |\n|---|---|---|---|---|\n"
        for variant in SmugglingVariant.all {
            let cells = modes.map { mode in
                let all = outcomes.filter { $0.mode == mode && $0.variant.sequence == variant.sequence }
                let replies = Set(all.map { $0.first.prefix(9).hasPrefix("250") ? "250" : String($0.first.prefix(3)) }).sorted()
                let own = all.map(\.own).max() ?? 0
                let smuggled = all.map(\.smuggled).max() ?? 0
                return replies.joined(separator: " or ") + ": \(own)" + (smuggled > 0 ? " + \(smuggled)" : "")
            }
            table += "| `\(variant)` | " + cells.joined(separator: " | ") + " |\n"
        }
        let readMe = try String(contentsOfFile: Tool.tree + "/Tests/EndToEnd/README.md", encoding: .utf8)
        if !readMe.contains(table) {
            let actual = NSTemporaryDirectory() + "postern-smuggling.actual.md"
            try table.write(toFile: actual, atomically: true, encoding: .utf8)
            Issue.record("the table of Tests/EndToEnd/README.md is another; \(actual) has the one that is true")
        }
    }

    /// The next hop must be as lenient as it says, or the test above proves nothing.
    @Test func theNextHopWouldBeFooled() throws {
        let folder = try TemporaryFolder()
        let hop = try hop(folder, "direct.json")
        defer { hop.daemon.stop(SIGKILL) }
        let cases = SmugglingVariant.all.enumerated().map { id, variant in
            Case(
                id: id, port: hop.port, tls: nil, chunks: false, from: "c\(id)@sender.example",
                pieces: [hex(variant.stream(recipient: "s\(id)@example.com"))])
        }
        _ = try send(cases, folder)
        let fooled = try messages(hop.file).filter { $0.from.contains(SmugglingVariant.smuggler) }.count
        let refused = SmugglingVariant.all.filter { $0.outcome == .refused }.count
        #expect(fooled >= refused / 2 + SmugglingVariant.all.filter(\.isTrueEnd).count, "\(fooled) of \(refused)")
    }
}
