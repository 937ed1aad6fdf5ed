import ArgumentParser
import Control

/// `postern filters`: what is in force for a domain.
struct Filters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists a domain's filters in force, in the order in which they run.")

    @Argument(help: ArgumentHelp("A configured domain or alias.", valueName: "domain"))
    var domain: String

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let filters = try await control.client().filters(of: domain)
        if output.json {
            for filter in filters.filters { try Terminal.printJSON(filter) }
            return
        }
        Terminal.print("\(Terminal.escaped(filters.domain)), generation \(filters.generation); filters of one step run together")
        var table = TextTable("ROLE", "STEP", "FILTER", "PLUGIN", "ENABLED", "ON ERROR/TIMEOUT/CRASH", "SETTINGS")
        for filter in filters.filters {
            table.add(
                filter.role, "\(filter.step + 1)", filter.name, filter.plugin, Self.state(filter),
                "\(filter.onError)/\(filter.onTimeout)/\(filter.onCrash)", filter.settings.canonical)
        }
        table.print()
    }

    private static func state(_ filter: FilterRecord) -> String {
        if !filter.enabled { return "no" }
        return filter.shadow ? "shadow" : filter.required ? "required" : "yes"
    }
}
