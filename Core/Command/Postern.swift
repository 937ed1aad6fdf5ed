import ArgumentParser
import Control
import Gateway
import Glibc

/// The command `postern`. Exit status 0: done; 1: it found something wrong; 2: usage.
@main struct Postern: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern", abstract: "An email security gateway.",
        discussion: "With no configuration, `postern run` shows itself on loopback: start there.",
        version: Version.text,
        subcommands: [
            Run.self, Check.self, Reload.self, Restart.self, Upgrade.self, Scan.self, Filters.self, PluginCommand.self,
            Inflight.self, Queue.self,
            Quarantine.self, Trace.self,
            Send.self,
            Sink.self, Password.self,
        ])

    // On the first thread: a supervisor never leaves it.
    @MainActor static func main() async {
        // A reader that goes away (`postern queue list | head`) ends the command by an error of write(2), not by a signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if let run = command as? Run, run.isSupervisor { Glibc.exit(run.supervise()) }
            if var asynchronous = command as? any AsyncParsableCommand { try await asynchronous.run() } else { try command.run() }
        } catch { leave(error) }
    }

    /// The one place where an error becomes words and an exit status.
    private static func leave(_ error: any Error) -> Never {
        if let code = error as? ExitCode { Glibc.exit(code.rawValue) }
        switch exitCode(for: error) {
        case .success:
            Terminal.print(fullMessage(for: error))
            Glibc.exit(0)
        case .validationFailure:
            Terminal.printError(fullMessage(for: error))
            Glibc.exit(2)
        default:
            Terminal.report(error)
            Glibc.exit(1)
        }
    }
}
