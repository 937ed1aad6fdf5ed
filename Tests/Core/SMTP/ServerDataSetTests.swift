import Foundation
import GatewayTestKit
import Mail
import Testing

@testable import SMTP

/// Public test data, where it is at hand: POSTERN_TESTDATA, or ../shared/data beside the repository.
@Suite struct ServerDataSetTests {
    private static func load<T: Decodable>(_ path: String, as type: T.Type) throws -> T? {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
        let root =
            ProcessInfo.processInfo.environment["POSTERN_TESTDATA"].map { URL(filePath: $0) }
            ?? repository.appending(path: "../shared/data").standardizedFileURL
        guard let data = try? Data(contentsOf: root.appending(path: path)) else {
            print("skipped: no test data \(path) under \(root.path); set POSTERN_TESTDATA")
            return nil
        }
        return try JSONDecoder().decode(T.self, from: data)
    }

    private struct SmugglingCase: Decodable {
        var name: String
        var data_stream_hex: String
        var messages_accepted_max: Int
    }

    @Test func smuggling() throws {
        guard let cases = try Self.load("smtp-smuggling/cases.json", as: [SmugglingCase].self) else { return }
        #expect(cases.count >= 9)
        for item in cases {
            let hex = Array(item.data_stream_hex)
            let stream = stride(from: 0, to: hex.count, by: 2).map { UInt8(String(hex[$0...$0 + 1]), radix: 16)! }
            for split in [stream.count, 1] {
                let transport = ServerMachineTransport()
                transport.send("EHLO c.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n")
                for start in stride(from: 0, to: stream.count, by: split) {
                    transport.send(Array(stream[start..<min(start + split, stream.count)]))
                }
                let messages = transport.inspectors.record.messages
                #expect(messages.count <= item.messages_accepted_max, "\(item.name)")
                for message in messages {
                    // What is accepted holds no CR or LF that stands alone.
                    let alone = message.split(separator: [13, 10]).joined()
                    #expect(!alone.contains(13) && !alone.contains(10), "\(item.name)")
                }
            }
        }
    }

    private struct Dialogue: Decodable {
        struct Step: Decodable {
            var send: String?
            var expect: String
        }
        var name: String
        var steps: [Step]
    }

    /// Dialogues where we differ on purpose: the step and the reply that we give.
    private static let differences: [String: (step: Int, reply: String)] = [
        // The injected command is not dropped in silence: the session ends.
        "starttls-pipelined-injection": (2, "421")
    ]

    @Test func dialogues() throws {
        guard let dialogues = try Self.load("smtp-dialogues/dialogues.json", as: [Dialogue].self) else { return }
        #expect(dialogues.count >= 16)
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
                if let difference = Self.differences[dialogue.name], difference.step == index {
                    #expect(reply.hasPrefix(difference.reply), "\(dialogue.name) step \(index): \(reply)")
                    break
                }
                #expect(
                    try Regex("^(?:\(step.expect))").firstMatch(in: reply) != nil,
                    "\(dialogue.name) step \(index): \(reply) for \(step.expect)")
            }
        }
    }

    private struct AddressCase: Decodable {
        var address: String
        var category: String
        var diagnosis: String
    }

    /// What is valid in SMTP by that set's own word must be read; what it calls an error must not.
    @Test func addresses() throws {
        guard let cases = try Self.load("address-isemail/tests.json", as: [AddressCase].self) else { return }
        for item in cases {
            let isRead = EmailAddress(mailbox: item.address) != nil
            switch item.category {
            case "ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN": #expect(isRead, "\(item.address) \(item.diagnosis)")
            case "ISEMAIL_ERR", "ISEMAIL_CFWS", "ISEMAIL_DEPREC": #expect(!isRead, "\(item.address) \(item.diagnosis)")
            default: break
            }
        }
    }
}
