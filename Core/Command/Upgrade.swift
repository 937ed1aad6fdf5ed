import ArgumentParser
import Control

/// `postern upgrade`.
struct Upgrade: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts the program that lies on the disk now in the place of the running one; no connection is refused.",
        discussion: """
            The disk is where the running gateway was started from. The new program is tried out first (its version, and what it says of the \
            configuration): if it cannot run, nothing is stopped.
            """)

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws { try await Successor.await(control, output) { try await $0.upgrade() } }
}
