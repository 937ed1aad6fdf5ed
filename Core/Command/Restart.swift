import ArgumentParser
import Control

/// `postern restart`.
struct Restart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts a fresh gateway in the place of the running one; no connection is refused.",
        discussion: "The configuration is checked first: with a bad one nothing is stopped.")

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await Successor.await(control, output) { try await $0.restart() } }
}
