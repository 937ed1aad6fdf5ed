import Foundation
import GatewayTestKit
import Testing

/// A message whose arrival is checked to the byte: lines that begin with dots, a lone dot, an empty line, a long one, eight bits.
struct Letter {
    /// Nobody else's: it is found by it.
    let subject: String
    /// With LF; the client makes CR LF of it.
    let text: String

    /// `lines`: so many more.
    init(_ subject: String, from: String = "anna@example.com", to: String = "b@example.com", lines: Int = 0) {
        self.subject = subject
        let head = """
            From: <\(from)>
            To: <\(to)>
            Subject: \(subject)
            Date: Sun, 22 Nov 2026 00:00:00 +0000
            Message-ID: <\(subject.filter { $0.isLetter || $0.isNumber })@client.example>
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 8bit

            first
            .
            ..two
            .dot

            Grüße
            """
        text = head + "\n" + String(repeating: "long", count: 240) + "\n" + (0..<lines).map { ".line \($0)\n" }.joined() + "last\n"
    }

    /// Whether `received` is it, and nothing but header fields stands above it.
    func isWhole(in received: String) -> Bool {
        // A sink may put an empty line behind each message.
        let received = received.replacingOccurrences(of: "\r\n", with: "\n").trimmingCharacters(in: .newlines) + "\n"
        return received.hasSuffix("\n" + text) && !received.dropLast(text.count + 1).contains("\n\n")
    }

    func write(to folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/letter"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// Gives it to a mail server on 127.0.0.1 to send on.
    func submit(to port: Int, from sender: String = Reception.login, recipient: String, _ folder: TemporaryFolder) throws {
        let sent = try Tool.run([
            "swaks", "--server", "127.0.0.1:\(port)", "--helo", "client.example", "--from", sender, "--to", recipient, "--data",
            "@" + write(to: folder), "--suppress-data",
        ])
        try #require(sent.status == 0, "\(sent.output) \(sent.errors)")
    }
}
