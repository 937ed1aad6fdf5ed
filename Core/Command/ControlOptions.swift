import ArgumentParser
import Control
import Gateway
import Mail

/// Which gateway a command talks to.
struct ControlOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The gateway's control socket.", valueName: "path"))
    var control: String?

    @Option(help: ArgumentHelp("The folder of the gateway's postern.yaml, which names its socket.", valueName: "dir"))
    var config: String?

    func client() throws -> ControlClient {
        ControlClient(socket: try control ?? ConfigurationCheck.controlSocket(folder: config))
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "One JSON object a line.")
    var json = false
}

extension QueueID: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// Carries out the same change for several messages, says what became of each, and fails at the end if one failed.
func changeEach(_ ids: [QueueID], verb: String, asJSON: Bool, _ change: (QueueID) async throws -> ChangeResult) async throws {
    var isGood = true
    for id in ids {
        do {
            let changed = try await change(id).changed
            if asJSON {
                try Terminal.printJSON(ChangedMessage(id: id.description, changed: changed))
            } else {
                Terminal.print(
                    "\(id): \(changed == 0 ? "nothing to be \(verb)" : changed == 1 ? "1 copy \(verb)" : "\(changed) copies \(verb)")")
            }
            if changed == 0 { isGood = false }
        } catch let failure as ControlFailure where failure.kind == .notFound || failure.kind == .conflict {
            Terminal.report(failure)
            isGood = false
        }
    }
    if !isGood { throw ExitCode(1) }
}

private struct ChangedMessage: Encodable {
    var id: String
    var changed: Int
}
