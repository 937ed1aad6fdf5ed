import ArgumentParser
import Mail

/// `postern sink`: a next hop that takes everything and delivers nothing.
struct Sink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A next hop that shows or counts what is delivered to it, to try things with.",
        discussion: "It takes mail for every recipient and keeps none, unless --dump says where. Until SIGINT or SIGTERM.")

    @Option(help: ArgumentHelp("Where to listen.", valueName: "address:port"), transform: Parse.endpoint)
    var listen = Endpoint(host: "127.0.0.1", port: 2526)
    @Flag(help: "Count only; the sum is printed at the end.") var quiet = false
    @Flag(help: "Show the whole message, not its head only.") var full = false
    @Flag(help: "Refuse every message with 550.") var reject = false
    @Flag(name: .customLong("defer"), help: "Put every message off with 451.") var defers = false
    @Option(help: ArgumentHelp("Write each message to a file in this folder.", valueName: "dir")) var dump: String?

    func validate() throws {
        if reject && defers { throw ValidationError("--reject or --defer, not both.") }
    }

    func run() async throws {
        var manner = SinkInspector.Manner()
        manner.isQuiet = quiet
        manner.isFull = full
        manner.reply =
            reject ? Reply(.refused, "the sink refuses everything") : defers ? Reply(.notNow, "the sink puts everything off") : nil
        manner.dump = dump
        let sink = SinkServer(manner)
        let address = try await sink.start(address: listen.host, port: listen.port)
        Terminal.print("sink on \(address), end with Ctrl-C")
        await TerminationSignal.wait()
        await sink.stop()
        let (messages, recipients, bytes) = sink.counted
        Terminal.print("\(messages) messages to \(recipients) recipients, \(Explanation.size(bytes))")
    }
}
