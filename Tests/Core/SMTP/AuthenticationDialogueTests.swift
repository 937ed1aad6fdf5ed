import Foundation
import Mail
import Testing

@testable import SMTP

@Suite struct AuthenticationDialogueTests {
    private func encoded(_ text: String) -> [UInt8] { Array(Data(text.utf8).base64EncodedString().utf8) }

    private func respond(_ dialogue: inout AuthenticationDialogue, _ line: [UInt8]) -> AuthenticationDialogue.Step {
        line.withUnsafeBytes { dialogue.respond($0) }
    }

    private func isRefused(_ step: AuthenticationDialogue.Step) -> Bool { if case .refuse = step { true } else { false } }

    @Test func plain() throws {
        var dialogue = try #require(AuthenticationDialogue(mechanism: "PLAIN"))
        #expect(dialogue.start(nil) == .challenge(""))
        #expect(respond(&dialogue, encoded("\0anna\0sëcret")) == .credentials(Credentials(login: "anna", password: "sëcret")))
        #expect(
            dialogue.start(encoded("bob\0anna\0x")) == .credentials(Credentials(authorizationID: "bob", login: "anna", password: "x")))
    }

    @Test func login() throws {
        var dialogue = try #require(AuthenticationDialogue(mechanism: "LOGIN"))
        #expect(dialogue.start(nil) == .challenge("VXNlcm5hbWU6"))
        #expect(respond(&dialogue, encoded("anna")) == .challenge("UGFzc3dvcmQ6"))
        #expect(respond(&dialogue, encoded("secret")) == .credentials(Credentials(login: "anna", password: "secret")))
    }

    @Test func malformed() throws {
        #expect(AuthenticationDialogue(mechanism: "CRAM-MD5") == nil)
        let long = String(repeating: "x", count: 256)
        for text in ["", "anna", "\0anna", "\0\0secret", "\0anna\0", "\0anna\0a\0b", "\0\(long)\0x", "\0anna\0\(long)"] {
            var dialogue = try #require(AuthenticationDialogue(mechanism: "PLAIN"))
            #expect(isRefused(dialogue.start(encoded(text))), "\(text.debugDescription)")
        }
        for line in ["", "*", "====", "YQ", "YQ=", "YR==", "Y Q=", "YQ==YQ==", "\u{E4}bcd"] {
            var dialogue = try #require(AuthenticationDialogue(mechanism: "LOGIN"))
            #expect(isRefused(respond(&dialogue, Array(line.utf8))), "\(line)")
        }
        var dialogue = try #require(AuthenticationDialogue(mechanism: "PLAIN"))
        // No UTF-8.
        #expect(isRefused(respond(&dialogue, Array(Data([0, 0xFF, 0, 0x61]).base64EncodedString().utf8))))
        // An empty initial response.
        #expect(isRefused(dialogue.start(Array("=".utf8))))
    }

    @Test func base64IsThatOfFoundation() {
        var random = Seeded(state: 1)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(Array(Data(bytes).base64EncodedString().utf8).withUnsafeBytes { Base64.decode(padded: $0) } == bytes)
        }
    }
}
