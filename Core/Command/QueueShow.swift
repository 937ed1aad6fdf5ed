import ArgumentParser
import Control
import Mail

/// `postern queue show`.
struct QueueShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows messages with all their copies.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try control.client()
        for id in ids {
            let entry = try await client.entry(id)
            if output.json { try Terminal.printJSON(entry) } else { EntryText.printWhole(entry) }
        }
    }
}
