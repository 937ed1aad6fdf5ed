import ArgumentParser
import Control

/// `postern reload`.
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes the configuration's files as they are now, or says why not and stays.")

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let result = try await control.client().reload()
        if output.json { return try Terminal.printJSON(result) }
        for warning in result.warnings { Terminal.print(Terminal.colour("warning: ", .yellow) + Terminal.escaped(warning)) }
        Terminal.print("generation \(result.generation) is in force")
    }
}
