import ArgumentParser
import Foundation
import Mail

/// `postern send`: a small SMTP client to try things with. No TLS, no queue: one connection, one dialogue, shown as it goes.
struct Send: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends a message to an SMTP server and shows the dialogue.",
        discussion: """
            Exit status 1 when any recipient or message was refused. With --file the file is sent as it is, bare LF made CR LF; otherwise a \
            message is made up.
            """)

    @Option(help: ArgumentHelp("A recipient; may be given several times.", valueName: "address"), transform: Parse.mailbox)
    var to: [EmailAddress]
    @Option(help: ArgumentHelp("The reverse-path; empty for <>.", valueName: "address"), transform: Parse.reversePath)
    var from: ReversePath = .address(EmailAddress(localPart: "sender", domain: "sender.example"))
    @Option(help: ArgumentHelp("Where to.", valueName: "host:port"), transform: Parse.endpoint)
    var server = Endpoint(host: "127.0.0.1", port: 2525)
    @Option(help: ArgumentHelp("What to say at EHLO.", valueName: "name")) var helo = "localhost"
    @Option(help: ArgumentHelp("The subject of a made-up message.", valueName: "text")) var subject = "A message from postern send"
    @Option(help: ArgumentHelp("The text of a made-up message.", valueName: "text")) var body = "Hello.\n"
    @Option(help: ArgumentHelp("A message.", valueName: "file.eml")) var file: String?
    @Option(help: ArgumentHelp("Send it so many times, over the same connection.", valueName: "number")) var count = 1
    @Flag(help: "Show no dialogue.") var quiet = false

    /// Larger than any gateway takes, small enough for memory.
    private static let largestFile = 256 << 20

    func validate() throws {
        if to.isEmpty { throw ValidationError("Give at least one --to.") }
        if !(1...1_000_000).contains(count) { throw ValidationError("--count is a number from 1 to 1000000.") }
        for (name, text) in [("--subject", subject), ("--helo", helo)] where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw ValidationError("\(name) has control characters in it.")
        }
        if helo.isEmpty || helo.contains(" ") { throw ValidationError("--helo is one word.") }
    }

    func run() throws {
        let content = try file.map(Self.read)
        let isShown = count == 1 && !quiet
        let dialogue = try SMTPDialogue(server, isShown: isShown)
        try dialogue.greet(as: helo)
        let began = ContinuousClock.now
        var shown = began
        var accepted = 0
        var isGood = true
        for number in 1...count {
            if ContinuousClock.now - shown > .seconds(1) {
                Terminal.progress("\(number - 1) of \(count)")
                shown = .now
            }
            let result = try dialogue.send(from: from, to: to, content ?? made(number))
            if result.isAccepted { accepted += 1 }
            if !result.refusals.isEmpty {
                Terminal.endProgress()
                isGood = false
                if !isShown { for refusal in result.refusals.prefix(20) { Terminal.printError(Terminal.escaped(refusal)) } }
            }
        }
        Terminal.endProgress()
        dialogue.quit()
        if count > 1 {
            let seconds = Double((ContinuousClock.now - began).microseconds) / 1e6
            Terminal.print("\(accepted) of \(count) accepted in \(scoreText(seconds)) s")
        }
        if !isGood { throw ExitCode(1) }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: path), let data = try file.read(upToCount: largestFile + 1) else {
            throw SendFailure("cannot read \(path), or it is empty")
        }
        guard data.count <= largestFile else { throw SendFailure("\(path) is larger than \(largestFile) bytes") }
        return Array(data)
    }

    private func made(_ number: Int) -> [UInt8] {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
        let title = count > 1 ? "\(subject) (\(number) of \(count))" : subject
        let sender = from == .null ? "postmaster@\(helo)" : "\(from)"
        return Array(
            """
            Date: \(CivilTime(time).rfc5322)
            From: <\(sender)>
            To: \(to.map { "<\($0)>" }.joined(separator: ",\n "))
            Subject: \(title)
            Message-ID: <\(time.microseconds).\(getpid()).\(number)@\(helo)>
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 8bit

            \(body)\(body.hasSuffix("\n") ? "" : "\n")
            """.utf8)
    }
}
