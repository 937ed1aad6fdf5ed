import ArgumentParser
import Control
import Gateway
import Mail
import SMTP

/// `postern scan`: a domain's filters over files, without a running gateway.
struct Scan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a domain's filters over messages in files and explains what they found.",
        discussion: """
            Exit status 0 when every file was judged, whatever the judgement; 1 when one could not be. Nothing is stored or sent. --dns answers \
            the filters' DNS questions from a file: {"example.com": {"TXT": ["v=spf1 -all"]}, "slow.example": "timeout"}.
            """)

    @Argument(help: ArgumentHelp("Messages as they would come over SMTP.", valueName: "file.eml"))
    var files: [String]

    @Option(help: ArgumentHelp("The folder of postern.yaml.", valueName: "dir")) var config: String?
    @Option(help: ArgumentHelp("Whose filters: by default the first recipient's domain.", valueName: "domain")) var domain: String?
    @Option(help: ArgumentHelp("The client's address.", valueName: "ip"), transform: Parse.client) var client: IPAddress = .loopback
    @Option(help: ArgumentHelp("What the client said at HELO.", valueName: "name")) var helo: String = "localhost"
    @Option(help: ArgumentHelp("The reverse-path; empty for <>.", valueName: "address"), transform: Parse.reversePath)
    var from: ReversePath = .null
    @Option(help: ArgumentHelp("A recipient; may be given several times.", valueName: "address"), transform: Parse.mailbox)
    var to: [EmailAddress] = []
    @Option(help: ArgumentHelp("Answers to DNS questions; without it the configured resolver is asked.", valueName: "zone.json"))
    var dns: String?
    @Option(
        help: ArgumentHelp("The time at which the filters think to be, as 2026-11-21T22:10:57Z.", valueName: "time"), transform: Parse.time)
    var at: Timestamp?
    @Option(
        help: ArgumentHelp(
            "Shows what the messages consist of instead, without any filter: tree, text or urls.", valueName: "what"))
    var show: ContentView?
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let isGood: Bool
        if let show {
            isGood = await each {
                try Scanner.content(file: $0)
            } lines: {
                show.lines($0)
            }
        } else {
            let scanner = try Scanner(
                ScanOptions(configuration: config, domain: domain, client: client, helo: helo, from: from, to: to, dnsFile: dns, at: at))
            isGood = await each {
                try await scanner.scan(file: $0)
            } lines: {
                ScanText.lines($0)
            }
            await scanner.close()
        }
        if !isGood { throw ExitCode(1) }
    }

    /// Prints what `read` makes of each file, for people as `lines` has it. False: of one it could make nothing.
    private func each(_ read: (String) async throws -> String, lines: (JSONValue) -> [String]) async -> Bool {
        var isGood = true
        var shown = ContinuousClock.now
        for (number, file) in files.enumerated() {
            if ContinuousClock.now - shown > .seconds(1) {
                Terminal.progress("\(number) of \(files.count)")
                shown = .now
            }
            do {
                let text = try await read(file)
                Terminal.endProgress()
                if output.json {
                    Terminal.print(Terminal.escapedJSON(text))
                } else {
                    for line in lines(try ControlJSON.decode(JSONValue.self, Array(text.utf8))) { Terminal.print(line) }
                }
            } catch {
                Terminal.endProgress()
                Terminal.printError("postern: \(Terminal.escaped("\(file): \(error)"))")
                isGood = false
            }
        }
        return isGood
    }
}
