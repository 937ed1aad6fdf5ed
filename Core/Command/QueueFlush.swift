import ArgumentParser
import Control
import Mail

/// `postern queue flush`.
struct QueueFlush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Tries queued messages now: those named, a recipient domain's, or all.")

    @Argument(help: "Queue IDs.") var ids: [QueueID] = []
    @Option(help: ArgumentHelp("All with a copy for this recipient domain.", valueName: "domain")) var domain: String?
    @Flag(help: "All.") var all = false
    @OptionGroup var control: ControlOptions

    func validate() throws {
        guard [!ids.isEmpty, domain != nil, all].count(where: { $0 }) == 1 else {
            throw ValidationError("Give queue IDs, or --domain, or --all: one of them.")
        }
    }

    func run() async throws {
        let client = try control.client()
        if !ids.isEmpty { return try await changeEach(ids, verb: "flushed") { try await client.flush(.message($0)) } }
        let changed = try await client.flush(domain.map { .domain($0.lowercased()) } ?? .all).changed
        Terminal.print(changed == 1 ? "1 copy flushed" : "\(changed) copies flushed")
    }
}
