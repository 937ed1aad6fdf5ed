import Logging
import Mail
import PluginLoader
import WorkerLink

/// What workers say. On the reactor's thread.
extension WorkerGeneration {
    func receive(_ message: WorkerMessage, _ start: WorkerStart, only instance: UInt32?) {
        guard let process = start.process else { return }
        switch message {
        case .ready(let cage):
            guard !start.hasSaidReady, !cage.isEmpty else { return process.end("said twice, or of no cage, that it was ready") }
            start.hasSaidReady = true
            start.cage = cage
            let settings = state.withLock(\.settings).filter { instance == nil || $0.key == instance }
            start.made = Set(settings.keys)
            start.missing = start.made
            make(settings, in: process, isAsked: instance == nil)
            beat(start)
            readyIfComplete(start)
        case .failed(let why):
            start.failure = why
            process.end("could not start")
        case .problems(let id, let problems, let isRefused):
            // A replay's worker makes again what was made before.
            if instance == nil {
                let then = state.withLock { $0.answers.removeValue(forKey: id) }
                then?(isRefused ? .failure(SettingsRefusal(problems: problems)) : .success(problems))
            }
            if isRefused, start.missing.contains(id) {
                start.refused.insert(id)
                let why = problems.map(\.description).joined(separator: "; ")
                logger.error("settings are refused at the start of a worker: \(why)")
            }
            start.missing.remove(id)
            readyIfComplete(start)
        case .operations(let run, let operations): entry(run, process)?.perform(operations, by: services)
        case .giveUp(let run, let operation): entry(run, process)?.giveUp(operation)
        case .detached(let number, let phase):
            guard let run = entry(number, process) else { return }
            guard run.call.phase < .data, phase > run.call.phase, phase <= .data else {
                return process.end("detached a run before \(phase)")
            }
            run.detach(before: phase)
        case .finished(let number, let findings):
            guard let run = entry(number, process) else { return }
            state.withLock { $0.runs[number] = nil }
            process.release(run.call)
            run.leave(toReplay: false)
            run.finish(verdict(run, findings))
            endIfRetired(process)
            start.place?.used()
            // That was what this one was for.
            if instance != nil { process.end(Self.notNeeded) }
        case .log(let number, let level, let text):
            guard logger.logLevel <= .init(level), logged.take(onExcess: { exceeded("logs") }) else { return }
            let run = number.flatMap { entry($0, process) }
            logger.log(level: .init(level), "\(text.prefix(1024))", metadata: run.map { Self.metadata($0.call) } ?? [:])
        case .fault(let fault): stats.fault(fault)
        case .metric(let number, let definition): define(number, definition, start)
        case .moved(let number, let series, let amount, let sets):
            guard let metric = metrics[number], series < metric.definition.seriesCount, amount.isFinite,
                amount >= 0 || metric.definition.kind != .counter
            else { return process.end("moved a metric that it has not") }
            if sets { metric.output.set(Int(series), amount) } else { metric.output.record(Int(series), amount) }
        case .pong(let number):
            guard number == start.lastPing else { return process.end("answered what it was not asked") }
            start.lastPong = number
        }
    }

    func exceeded(_ does: String) {
        stats.fault(.flood)
        logger.warning("\(does) \(LineBudget.excess): the rest is left out")
    }

    /// What the first worker of the generation defined stays: others may only say it again.
    private func define(_ number: UInt32, _ definition: MetricDefinition, _ start: WorkerStart) {
        if metrics[number]?.definition == definition { return }
        let isNew = metrics[number] == nil && !start.isReady && metrics.count < MetricDefinition.Most.metrics
        let series = metrics.values.reduce(definition.seriesCount) { $0 + $1.definition.seriesCount }
        guard isNew, series <= MetricDefinition.Most.series else {
            start.process?.end("defined a metric that it may not")
            return
        }
        metrics[number] = (definition, PublishedMetric(definition, plugin: manifest.id))
    }

    private func entry(_ number: UInt64, _ process: WorkerProcess) -> WorkerRun? {
        state.withLock { state in
            guard let entry = state.runs[number], entry.process === process else { return nil }
            return entry.run
        }
    }
}
