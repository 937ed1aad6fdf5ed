import ArgumentParser
import Control
import Mail

/// `postern quarantine`: the quarantined copies only; others of the same message are left alone.
struct Quarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What is kept until somebody releases or deletes it.",
        subcommands: [QuarantineList.self, QuarantineShow.self, QuarantineRelease.self, QuarantineDelete.self],
        defaultSubcommand: QuarantineList.self)
}

struct QuarantineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists quarantined messages, oldest first.")

    @OptionGroup var page: PageOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await page.list([.quarantined], from: control.client(), asJSON: output.json) }
}

struct QuarantineShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Shows quarantined messages with all their copies.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try control.client()
        for id in ids {
            let entry = try await client.entry(id)
            guard entry.recipients.contains(where: { $0.state == RecipientState.quarantined.word }) else {
                throw ControlFailure(.notFound, "\(id) has no copy in quarantine", mend: "`postern queue show \(id)` shows it")
            }
            if output.json { try Terminal.printJSON(entry) } else { EntryText.printWhole(entry) }
        }
    }
}

struct QuarantineRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "release", abstract: "Queues quarantined copies for delivery now.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions

    func run() async throws {
        let client = try control.client()
        try await changeEach(ids, verb: "released") { try await client.release($0, in: [.quarantined]) }
    }
}

struct QuarantineDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Deletes quarantined copies for good.")

    @Argument(help: "Queue IDs.") var ids: [QueueID]
    @OptionGroup var control: ControlOptions

    func run() async throws {
        let client = try control.client()
        try await changeEach(ids, verb: "deleted") { try await client.delete($0, in: [.quarantined]) }
    }
}
