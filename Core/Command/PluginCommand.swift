import ArgumentParser
import Control

/// `postern plugin`.
struct PluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "The filters' shared libraries.", subcommands: [PluginList.self, PluginNew.self],
        defaultSubcommand: PluginList.self)
}

struct PluginList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what is loaded.",
        discussion: """
            GENERATION counts how often it was loaded anew, and says how many are held where mail still goes through an older one. WORKERS are the \
            processes that it runs in; --json also says what holds them (`cage`). A second table has what those may have (`workers:` in postern.yaml): \
            a USER each where it says from which to which; and below, which plugin rests since it failed for several senders.
            """)

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let plugins = try await control.client().plugins()
        if output.json {
            for plugin in plugins { try Terminal.printJSON(plugin) }
            return
        }
        if plugins.isEmpty { return Terminal.print("no plugin is loaded") }
        func time(_ microseconds: Int?) -> String { microseconds.map { Explanation.time(microseconds: Double($0)) } ?? "-" }
        var table = TextTable("PLUGIN", "VERSION", "GENERATION", "HOME", "WORKERS", "INSTANCES", "CALLS", "P50", "P99", "FAULTS", "SUMMARY")
        for plugin in plugins {
            table.add(
                plugin.id, plugin.version, Self.generation(plugin), plugin.home, Self.workers(plugin), "\(plugin.instances)",
                "\(plugin.calls)", time(plugin.p50),
                time(plugin.p99), "\(plugin.faults)", plugin.summary)
        }
        table.print()
        printLimits(plugins)
        for plugin in plugins {
            guard let until = plugin.restsUntil else { continue }
            let line = "\(plugin.id) rests until \(Explanation.clock(until)): \(plugin.restReason ?? "")"
            Terminal.print("\n" + Terminal.colour(Terminal.escaped(line), .red))
        }
    }

    private func printLimits(_ plugins: [PluginRecord]) {
        let limited = plugins.compactMap { plugin in plugin.limits.map { (plugin.id, $0) } }
        if limited.isEmpty { return }
        Terminal.print("")
        var table = TextTable("PLUGIN", "MEMORY", "TEMPORARY", "THREADS", "GRACE", "START", "USER")
        for (id, limits) in limited {
            table.add(
                id, Explanation.size(limits.memory), Explanation.size(limits.temporary), "\(limits.threads)",
                Explanation.time(microseconds: Double(limits.grace * 1000)), Explanation.time(microseconds: Double(limits.start * 1000)),
                limits.user)
        }
        table.print()
    }

    private static func generation(_ plugin: PluginRecord) -> String {
        plugin.generationsHeld > 1 ? "\(plugin.generation), \(plugin.generationsHeld) held" : "\(plugin.generation)"
    }

    /// Their process numbers.
    private static func workers(_ plugin: PluginRecord) -> String {
        plugin.workers.isEmpty ? "-" : plugin.workers.map(String.init).joined(separator: " ")
    }
}
