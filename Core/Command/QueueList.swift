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

    @OptionGroup(title: "Which copies") var filters: FilterOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { _ = try states() }

    func run() async throws { try await page.list(states(), filters.filter(), from: control.client(), asJSON: output.json) }

    private func states() throws -> Set<RecipientState> { try StateWords.parse(state, among: Set(RecipientState.allCases)) }
}

/// Which part of a list, in which order, and how it is fetched: page by page.
struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only messages after this one.", valueName: "id"))
    var after: QueueID?

    @Option(help: ArgumentHelp("At most so many messages.", valueName: "number"))
    var limit = 1000

    @Option(
        help:
            "What comes first: the oldest (age) or newest message, the one tried next, the largest (size), or the one tried most (attempts)."
    )
    var sort = EntryOrder.age

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func list(_ states: Set<RecipientState>, _ filter: CopyFilter, from client: ControlClient, asJSON: Bool) async throws {
        var query = QueueQuery(states: states, filter: filter, after: after)
        var best = BestEntries(order: sort, limit: limit)
        var shown = 0
        var examined = 0
        var isEnd = false
        let progress = Progress()
        defer { progress.end() }
        while !isEnd, sort != .age || shown < limit {
            query.limit = sort == .age ? min(limit - shown, ControlLimits.pageSize) : ControlLimits.pageSize
            let page = try await client.queue(query)
            examined += page.examined
            if sort == .age {
                if !page.entries.isEmpty { progress.end() }
                for entry in page.entries { try show(entry, states, asJSON: asJSON) }
                shown += page.entries.count
            } else {
                for entry in page.entries { best.take(entry) }
            }
            progress.show("\(examined) messages looked at")
            // A list that does not move on would never end.
            if let next = page.next.flatMap({ QueueID($0) }), query.after.map({ $0 < next }) ?? true {
                query.after = next
            } else {
                isEnd = true
            }
        }
        progress.end()
        for entry in best.entries { try show(entry, states, asJSON: asJSON) }
        shown += best.entries.count
        if asJSON { return }
        if shown == 0 { Terminal.print("nothing there") }
        if sort == .age, !isEnd, let last = query.after { Terminal.printError("there may be more: --after \(last)") }
    }

    private func show(_ entry: QueueEntry, _ states: Set<RecipientState>, asJSON: Bool) throws {
        if asJSON { try Terminal.printJSON(entry) } else { EntryText.printShort(entry, states: states) }
    }
}
