import ArgumentParser
import Control
import Mail

/// `postern queue summary`.
struct QueueSummary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Says where mail goes: how much waits for each destination, and how that is.",
        discussion: """
            WAITING has just come or waits for its next attempt, SUSPENDED waits for its destination to come back. RUNNING are attempts under way, of \
            so many as the destination may get now. A destination that does not answer is down: one probe at a time tells for all.
            """)

    @Option(help: ArgumentHelp("At most so many destinations, those with most mail.", valueName: "number")) var limit = 50
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        let client = try control.client()
        let status = try await client.status()
        let records = try await client.destinations()
        if let loaded = status.loading {
            let halt = status.loadingFailure.map { ", halted: \($0)" } ?? ""
            Terminal.printError("still loading: \(loaded) messages of the last run so far\(halt)")
        }
        if output.json {
            for record in records.prefix(limit) { try Terminal.printJSON(record) }
            return
        }
        if records.isEmpty, status.loading == nil { return Terminal.print("nothing waits for delivery") }
        var table = TextTable("DESTINATION", "QUEUED", "WAITING", "SUSPENDED", "RUNNING", "OLDEST", "STATE")
        for record in records.prefix(limit) {
            table.add(
                record.destination, "\(record.queued)", "\(record.waiting)", "\(record.suspended)", "\(record.running)/\(record.limit)",
                Explanation.clock(record.oldest), Self.state(record))
        }
        table.print()
        if records.count > limit { Terminal.printError("and \(records.count - limit) more destinations: --limit") }
    }

    private static func state(_ record: DestinationRecord) -> String {
        var text = record.state.replacing("_", with: " ")
        if let since = record.downSince { text += " since \(Explanation.clock(since))" }
        if let next = record.nextProbe { text += ", next probe \(Explanation.clock(next))" }
        if let words = record.words, !words.isEmpty { text += ": \(words)" }
        return text
    }
}
