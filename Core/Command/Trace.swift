import ArgumentParser
import Control
import Mail

/// `postern trace`.
struct Trace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tells everything that happened to a message, from connect to delivery.")

    @Argument(help: "The queue ID, as in the log, in Received and in X-Postern-Trace.") var id: QueueID
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try control.client()
        let records = try await client.trace(id)
        if output.json {
            for record in records { try Terminal.printJSON(record) }
            return
        }
        for record in records { for line in ReceiptText.lines(record) { Terminal.print(line) } }
        // Where it is now; what has long been delivered is known by its history only.
        do { EntryText.printWhole(try await client.entry(id)) } catch let failure as ControlFailure where failure.kind == .notFound {}
    }
}
