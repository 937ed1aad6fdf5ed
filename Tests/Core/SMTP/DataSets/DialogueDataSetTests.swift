import GatewayTestKit
import Mail
import Testing

@testable import SMTP

/// smtp-dialogues: 16 dialogues written from the RFCs, each reply as a pattern.
@Suite struct DialogueDataSetTests {
    private struct Dialogue: Decodable {
        struct Step: Decodable {
            var send: String?
            var expect: String
        }
        var name: String
        var steps: [Step]
    }

    /// By `name/step`.
    static let reasons: [String: String] = [
        "starttls-pipelined-injection/2":
            "the injected command is not dropped in silence: whoever sends it is no client that waits for TLS, so the session ends with 421"
    ]

    @Test(.enabled(if: DataSet.isThere("smtp-dialogues"), "no smtp-dialogues in POSTERN_TESTDATA")) func dialogues() throws {
        let dialogues = try DataSet.json("smtp-dialogues/dialogues.json", as: [Dialogue].self)
        #expect(dialogues.count >= 16)
        var comparison = Comparison(reasons: Self.reasons)
        for dialogue in dialogues {
            let transport = ServerMachineTransport()
            for (index, step) in dialogue.steps.enumerated() {
                if let send = step.send {
                    // The dialogues' world has foo.com with Jones and Brown, without Green.
                    let here = send.replacing("Green@foo.com", with: "unknown@example.com").replacing("@foo.com", with: "@example.com")
                    // A chunk ends by its count.
                    transport.send(here + (send.hasPrefix("BDAT") ? "" : "\r\n"))
                }
                let reply = transport.lines().last ?? "nothing"
                let fits = try Regex("^(?:\(step.expect))").firstMatch(in: reply) != nil
                comparison.row(
                    "\(dialogue.name)/\(index)", expected: step.expect, ours: fits ? step.expect : reply,
                    step.send.map { String($0.prefix(60)) } ?? "greeting")
                if !fits { break }
            }
        }
        #expect(comparison.problems == [])
    }
}
