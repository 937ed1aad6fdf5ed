import ArgumentParser
import Control
import Mail

/// `postern queue delete`.
struct QueueDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Gives up queued, held and quarantined copies. The sender is not told.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions

    func run() async throws {
        let client = try control.client()
        try await changeEach(ids, verb: "deleted") { try await client.delete($0, in: QueueQuery.unfinished) }
    }
}
