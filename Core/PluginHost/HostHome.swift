import CPostern
import Logging
import Mail
import PluginLoader

/// The gateway's own process as a home of runs: services are at hand, each call is noted in the journal, for a trap in it ends the process.
final class HostHome: RunHome {
    private let plugin: String
    private let services: GatewayServices
    private let journal: any InFlightJournal
    private let stats: PluginStats
    private let logger: Logger
    /// What the plugin logs, what is said about it, and when it held its event loop: none hides another.
    private let logged = LineBudget()
    private let told = LineBudget()
    private let held = LineBudget()
    /// A call of a nonblocking plugin that takes long holds everybody up.
    private let countsSlow: Bool

    init(_ manifest: FilterManifest, services: GatewayServices, journal: any InFlightJournal, stats: PluginStats, logger: Logger) {
        plugin = manifest.id
        self.services = services
        self.journal = journal
        self.stats = stats
        countsSlow = manifest.execution == .nonblocking
        var logger = logger
        logger[metadataKey: "plugin"] = .string(manifest.id)
        self.logger = logger
    }

    func perform(_ request: ServiceRequest, operation: UInt64, for run: PluginRun) -> any ServiceWork {
        if case .timer(let delay) = request {
            return TimerWork(timer: run.loop.schedule(after: delay) { run.arrived(operation, .nothing) })
        }
        let work = services.perform(request, of: plugin, domain: run.facts.domain, egress: run.egress) { run.arrived(operation, $0) }
        guard let work else { preconditionFailure("a run performs \(request) by itself") }
        return work
    }

    func watch(_ run: PluginRun, _ body: () -> postern_step) -> postern_step {
        // Not `run.facts`, which would be a copy of them all.
        let memory = run.memory
        let stretch = CriticalStretch(
            digest: memory.facts.message?.digest, queueID: memory.facts.queueID, session: memory.facts.session.id,
            client: memory.facts.session.client, phase: memory.facts.phase, filter: memory.facts.slotName)
        return journal.watch(stretch, body)
    }

    /// Nobody's mail that shares the event loop moved meanwhile: worth a line in the log.
    private static let worthALine: UInt64 = 100_000_000

    func called(_ run: PluginRun, nanoseconds: UInt64) {
        stats.called(nanoseconds: nanoseconds, countsSlow: countsSlow)
        guard countsSlow, nanoseconds >= Self.worthALine else { return }
        let isTaken = held.take { logger.warning("held its event loop in \(LineBudget.excess): the rest is left out") }
        let time = Duration.nanoseconds(Int64(clamping: nanoseconds)).inTenths
        if isTaken { line(.warning, "held its event loop for \(time) in one call", run) }
    }

    func fault(_ fault: PluginFault) { stats.fault(fault) }

    func write(_ level: LogLevel, _ text: String, of run: PluginRun?) {
        let level = Logger.Level(level)
        guard level >= logger.logLevel else { return }
        let isTaken = logged.take {
            stats.fault(.flood)
            logger.warning("logs \(LineBudget.excess): the rest is left out")
        }
        if isTaken { line(level, text, run) }
    }

    func tell(_ text: String, of run: PluginRun?) {
        let isTaken = told.take { logger.warning("gives cause for \(LineBudget.excess): the rest is left out") }
        if isTaken { line(.warning, text, run) }
    }

    private func line(_ level: Logger.Level, _ text: String, _ run: PluginRun?) {
        var metadata: Logger.Metadata = [:]
        if let call = run?.facts {
            if let id = call.queueID ?? call.message?.queueID { metadata["id"] = .string(id.description) }
            metadata["filter"] = .string(call.slotName)
        }
        logger.log(level: level, "\(text)", metadata: metadata)
    }

    func makeMetric(_ definition: MetricDefinition) -> any MetricOutput { PublishedMetric(definition, plugin: plugin) }
}

struct TimerWork: ServiceWork {
    let timer: any ScheduledWork
    func cancel() { timer.cancel() }
}

extension Logger.Level {
    init(_ level: LogLevel) {
        switch level {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
