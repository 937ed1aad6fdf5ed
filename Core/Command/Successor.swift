import Control

/// The gateway that takes another's place: asked for, then waited for.
enum Successor {
    /// Longer than a trial may take.
    private static let answer = Duration.seconds(90)
    /// Longer than a stop may take by default, its watchdog included.
    private static let takeover = Duration.seconds(90)

    static func await(
        _ control: ControlOptions, _ output: OutputOptions, _ ask: (ControlClient) async throws -> ReplacementResult
    ) async throws {
        let socket = try control.client().socket
        let result = try await ask(ControlClient(socket: socket, patience: answer))
        if !output.json { Terminal.print(Terminal.escaped("\(result.version) takes over from pid \(result.pid)")) }
        let deadline = ContinuousClock.now + takeover
        while ContinuousClock.now < deadline {
            // Nobody answers while one has gone and the other is not there yet.
            if let status = try? await ControlClient(socket: socket).status(), status.pid != result.pid, status.ready {
                return output.json ? try Terminal.printJSON(status) : Terminal.print("pid \(status.pid) takes mail")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw ControlFailure(
            .unavailable, "no gateway has taken over within \(takeover.components.seconds) s",
            mend: "see its log; the supervisor goes on trying")
    }
}
