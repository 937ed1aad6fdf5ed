import ArgumentParser
import Control
import Mail

/// `postern quarantine`: the quarantined copies only; others of the same message are left alone.
struct Quarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What is kept until somebody releases or deletes it.",
        subcommands: [
            QuarantineList.self, QuarantineSearch.self, QuarantineShow.self, QuarantineRelease.self, QuarantineDelete.self,
            QuarantineExpire.self,
        ],
        defaultSubcommand: QuarantineList.self)
}

struct QuarantineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists quarantined messages, oldest first.")

    @OptionGroup(title: "Which copies") var filters: FilterOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await page.list([.quarantined], filters.filter(), from: control.client(), asJSON: output.json) }
}

struct QuarantineSearch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Lists quarantined messages by their reason or recipient.")

    @Argument(help: "The text: a part of the reason, or with wildcards (* or ?) the recipient's address.") var text: String
    @OptionGroup(title: "Which copies") var filters: FilterOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if text.isEmpty { throw ValidationError("the text is empty") }
    }

    func run() async throws {
        var filter = try filters.filter()
        if text.contains("*") || text.contains("?") { filter.to = text } else { filter.reason = text }
        try await page.list([.quarantined], filter, from: control.client(), asJSON: output.json)
    }
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

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await selection.carryOut(.release, with: control.client(), asJSON: output.json, among: [.quarantined])
    }
}

struct QuarantineDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Deletes quarantined copies for good.")

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await selection.carryOut(.delete, with: control.client(), asJSON: output.json, among: [.quarantined])
    }
}

struct QuarantineExpire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "expire", abstract: "Deletes what is in quarantine for long.")

    @OptionGroup(title: "Which copies") var filters: FilterOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if filters.olderThan == nil { throw ValidationError("Say from which age on: --older-than 15d.") }
    }

    func run() async throws {
        let query = QueueQuery(states: [.quarantined], filter: try filters.filter())
        try await ChangeRun(.delete, query, control.client()).run(asJSON: output.json)
    }
}
