import ArgumentParser
import Control
import Mail

/// `postern queue hold`.
struct QueueHold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keeps queued copies back until they are released or deleted.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions

    func run() async throws {
        let client = try control.client()
        try await changeEach(ids, verb: "held") { try await client.hold($0) }
    }
}
