import ArgumentParser
import Gateway
import Supervisor

/// `postern run`: the gateway, and the supervisor that keeps it running.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the gateway until SIGTERM or SIGINT.",
        discussion: """
            With no configuration it is a demonstration on loopback: data under ./.postern, and a sink as next hop that shows here what is \
            delivered. The gateway is the child of a small supervisor, which starts it again should it die; signals go to the supervisor.
            """)

    @Option(help: ArgumentHelp("The folder of postern.yaml.", valueName: "dir"))
    var config: String?

    @Flag(help: "In the demonstration: start no sink, something else listens on 127.0.0.1:2526.")
    var noSink = false

    @Flag(help: "The gateway alone, for debuggers: a crash ends it, `restart` and `upgrade` are refused.")
    var noSupervisor = false

    @Flag(help: .hidden)
    var supervised = false

    /// Nothing but the reading of the options: would this program take those of the one that it is to replace?
    @Flag(help: .hidden)
    var trial = false

    var isSupervisor: Bool { !supervised && !noSupervisor && !trial }

    /// Until the gateway is stopped for good; the exit status. On the first thread.
    func supervise() -> Int32 {
        OpenFileLimit.raise()
        var checks = [["--version"], CommandLine.arguments.dropFirst() + ["--trial"]]
        if let config { checks.append(["check", "--config", config]) }
        return Supervisor(arguments: CommandLine.arguments + ["--supervised"], checks: checks).run()
    }

    func run() async throws {
        if trial { return }
        let supervisor = supervised ? try SupervisorLink() : nil
        if supervisor == nil { OpenFileLimit.raise() }
        let demonstrationSink = config == nil && !noSink ? SinkServer(SinkInspector.Manner()) : nil
        if let demonstrationSink { _ = try await demonstrationSink.start(address: "127.0.0.1", port: 2526) }
        do {
            try await GatewayProcess.run(GatewayOptions(configuration: config, supervisor: supervisor))
        } catch {
            await demonstrationSink?.stop()
            throw error
        }
        await demonstrationSink?.stop()
    }
}
