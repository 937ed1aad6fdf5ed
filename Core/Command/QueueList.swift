import ArgumentParser
import Control
import Mail

/// `postern queue list`.
struct QueueList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists messages, oldest first.")

    @Option(
        help: ArgumentHelp(
            "Only messages with a copy in this state, several with commas: all, "
                + RecipientState.allCases.map(\.word).joined(separator: ", ") + ".", valueName: "state"))
    var state: String = "queued,held"

    @OptionGroup var page: PageOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { _ = try states() }

    func run() async throws { try await page.list(states(), from: control.client(), asJSON: output.json) }

    private func states() throws -> Set<RecipientState> {
        if state == "all" { return Set(RecipientState.allCases) }
        return Set(
            try state.split(separator: ",").map { word in
                guard let state = RecipientState(word: word) else { throw ValidationError("'\(word)' is no state") }
                return state
            })
    }
}

/// Which part of a list, and how it is fetched: page by page.
struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only messages after this one.", valueName: "id"))
    var after: QueueID?

    @Option(help: ArgumentHelp("At most so many messages.", valueName: "number"))
    var limit = 1000

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func list(_ states: Set<RecipientState>, from client: ControlClient, asJSON: Bool) async throws {
        var last = after
        var shown = 0
        while shown < limit {
            let query = QueueQuery(states: states, after: last, limit: min(limit - shown, ControlLimits.pageSize))
            let entries = try await client.queue(query)
            for entry in entries {
                if asJSON { try Terminal.printJSON(entry) } else { EntryText.printShort(entry, states: states) }
            }
            shown += entries.count
            // A list that does not move on would never end.
            guard entries.count == query.limit, let id = entries.last.flatMap({ QueueID($0.id) }), last.map({ $0 < id }) ?? true else {
                break
            }
            last = id
        }
        if asJSON { return }
        if shown == 0 { Terminal.print("nothing there") }
        if shown >= limit, let last { Terminal.printError("there may be more: --after \(last)") }
    }
}
