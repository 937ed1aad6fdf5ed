import ArgumentParser
import Control
import Gateway
import Settings

/// `postern check`: every file of a configuration, without a running gateway.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validates the configuration: file:line:column, what is wrong, and the mend.",
        discussion: "Exit status 1 when the gateway would refuse it; warnings alone are 0.")

    @Option(help: ArgumentHelp("The folder of postern.yaml.", valueName: "dir"))
    var config: String = "/etc/postern"

    @OptionGroup var output: OutputOptions

    func run() throws {
        let problems = ConfigurationCheck.check(folder: config)
        for problem in problems {
            if output.json {
                try Terminal.printJSON(Row(problem))
            } else {
                let word = problem.severity == .error ? Terminal.colour("error: ", .red) : Terminal.colour("warning: ", .yellow)
                let mend = problem.mend.isEmpty ? "" : "; " + problem.mend
                Terminal.print(Terminal.escaped("\(problem.place): ") + word + Terminal.escaped(problem.what + mend))
            }
        }
        let errors = problems.count { $0.severity == .error }
        if !output.json, problems.isEmpty { Terminal.print("\(Terminal.escaped(config)): no problem found") }
        if errors > 0 { throw ExitCode(1) }
    }

    private struct Row: Encodable {
        var severity: String
        var file: String
        var line: Int
        var column: Int
        var what: String
        var mend: String

        init(_ problem: SettingsProblem) {
            severity = problem.severity.rawValue
            file = problem.place.file
            line = problem.place.line
            column = problem.place.column
            what = problem.what
            mend = problem.mend
        }
    }
}
