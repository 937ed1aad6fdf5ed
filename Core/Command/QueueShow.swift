import ArgumentParser
import Control
import Glibc
import Mail

/// `postern queue show`.
struct QueueShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows messages with all their copies.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @Flag(help: "Instead the header, as it was received.") var header = false
    @Flag(help: "Instead the whole message, as it was received: its very bytes, unless to a terminal.") var message = false
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if [header, message, output.json].count(where: { $0 }) > 1 { throw ValidationError("Give one of --header, --message and --json.") }
        if ids.count > 1, message { throw ValidationError("Give one queue ID with --message.") }
    }

    func run() async throws {
        let client = try control.client()
        for id in ids {
            if header || message {
                Terminal.printBytes(try await client.message(id, isHeader: header))
                continue
            }
            let entry = try await client.entry(id)
            if output.json { try Terminal.printJSON(entry) } else { EntryText.printWhole(entry) }
        }
    }
}
