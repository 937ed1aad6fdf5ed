import ArgumentParser
import Control

/// `postern inflight`.
struct Inflight: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what each message and session in the gateway waits for now, and for how long.",
        discussion: """
            The longest first. A session that waits for its client only is not listed. `detached`: the session goes on, and is joined later.
            """)

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let page = try await control.client().inFlight()
        if page.silent > 0 {
            Terminal.printError("\(page.silent) sessions are on event loops that do not answer: something blocks them")
        }
        if output.json {
            for wait in page.waits { try Terminal.printJSON(wait) }
            return
        }
        if page.waits.isEmpty { return Terminal.print("\(page.inspections) sessions, none waits for the gateway") }
        var table = TextTable("AGE", "SESSION", "CLIENT", "QUEUE ID", "PHASE", "FILTER", "WAITS FOR")
        for wait in page.waits {
            let filter = wait.filter.isEmpty ? "-" : wait.filter + (wait.detached ? " (detached)" : "")
            table.add(
                Explanation.time(microseconds: Double(wait.milliseconds) * 1000), "\(wait.session)", wait.client, wait.queueID ?? "-",
                wait.phase, filter, wait.waitsFor.isEmpty ? "-" : wait.waitsFor.joined(separator: "; "))
        }
        table.print()
        if page.total > page.waits.count { Terminal.printError("and \(page.total - page.waits.count) more that wait for less long") }
    }
}
