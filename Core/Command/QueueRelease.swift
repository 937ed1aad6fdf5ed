import ArgumentParser
import Control
import Mail

/// `postern queue release`.
struct QueueRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Queues held and quarantined copies for delivery now.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions

    func run() async throws {
        let client = try control.client()
        try await changeEach(ids, verb: "released") { try await client.release($0, in: QueueQuery.kept) }
    }
}
