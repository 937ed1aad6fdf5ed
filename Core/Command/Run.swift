import ArgumentParser
import Gateway

/// `postern run`: the gateway itself.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the gateway until SIGTERM or SIGINT.",
        discussion: """
            With no configuration it is a demonstration on loopback: data under ./.postern, and a sink as next hop that shows here what is \
            delivered.
            """)

    @Option(help: ArgumentHelp("The folder of postern.yaml.", valueName: "dir"))
    var config: String?

    @Flag(help: "In the demonstration: start no sink, something else listens on 127.0.0.1:2526.")
    var noSink = false

    func run() async throws {
        let demonstrationSink = config == nil && !noSink ? SinkServer(SinkInspector.Manner()) : nil
        if let demonstrationSink { _ = try await demonstrationSink.start(address: "127.0.0.1", port: 2526) }
        do {
            try await GatewayProcess.run(GatewayOptions(configuration: config))
        } catch {
            await demonstrationSink?.stop()
            throw error
        }
        await demonstrationSink?.stop()
    }
}
