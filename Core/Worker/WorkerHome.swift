import CPostern
import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// A worker as a home of runs: what they ask for goes to the gateway.
final class WorkerHome: RunHome {
    private let outgoing: Outgoing
    private let lastMetric = Atomic<UInt32>(0)
    private let runs = Mutex<[UInt64: Entry]>([:])

    /// A run under way. `asked` and `steps` belong to the run's own serial place.
    final class Entry: @unchecked Sendable {
        let run: PluginRun
        var asked: [(operation: UInt64, request: ServiceRequest)] = []
        var steps: UInt32 = 0
        init(_ run: PluginRun) { self.run = run }
    }

    init(_ outgoing: Outgoing) { self.outgoing = outgoing }

    func add(_ run: PluginRun) { runs.withLock { $0[run.number] = Entry(run) } }

    func run(_ number: UInt64) -> PluginRun? { runs.withLock { $0[number]?.run } }

    private func entry(_ number: UInt64) -> Entry? { runs.withLock { $0[number] } }

    /// An event of a run, on its place.
    func receive(_ event: FilterRunEvent, of number: UInt64) {
        switch event {
        case .detached(let phase): outgoing.send(.detached(run: number, joinBefore: phase))
        case .finished(let verdict):
            let entry = runs.withLock { $0.removeValue(forKey: number) }
            outgoing.send(.finished(run: number, WorkerFindings(verdict, steps: entry?.steps ?? 0)))
        }
    }

    // MARK: RunHome

    /// Inside a step, so it can wait for the step's end: then all go together.
    func perform(_ request: ServiceRequest, operation: UInt64, for run: PluginRun) -> any ServiceWork {
        entry(run.number)?.asked.append((operation, request))
        return RemoteWork(outgoing: outgoing, run: run.number, operation: operation)
    }

    private struct RemoteWork: ServiceWork {
        let outgoing: Outgoing
        let run: UInt64
        let operation: UInt64
        func cancel() { outgoing.send(.giveUp(run: run, operation: operation)) }
    }

    func watch(_ run: PluginRun, _ body: () -> postern_step) -> postern_step {
        let step = body()
        guard let entry = entry(run.number) else { return step }
        entry.steps += 1
        // Those with much to say go by themselves: a record has its bound.
        var piece: [(operation: UInt64, request: ServiceRequest)] = []
        var bytes = 0
        for asked in entry.asked {
            if bytes + asked.request.bytes > 256 << 10, !piece.isEmpty {
                outgoing.send(.operations(run: run.number, piece))
                (piece, bytes) = ([], 0)
            }
            piece.append(asked)
            bytes += asked.request.bytes
        }
        if !piece.isEmpty { outgoing.send(.operations(run: run.number, piece)) }
        entry.asked = []
        return step
    }

    func makeMetric(_ definition: MetricDefinition) -> any MetricOutput {
        let number = lastMetric.add(1, ordering: .relaxed).newValue
        outgoing.send(.metric(number, definition))
        return RemoteMetric(outgoing: outgoing, number: number)
    }

    private struct RemoteMetric: MetricOutput {
        let outgoing: Outgoing
        let number: UInt32
        func record(_ series: Int, _ amount: Double) {
            outgoing.send(.moved(metric: number, series: UInt32(series), amount: amount, sets: false))
        }
        func set(_ series: Int, _ amount: Double) {
            outgoing.send(.moved(metric: number, series: UInt32(series), amount: amount, sets: true))
        }
    }

    /// The verdict tells of the whole.
    func called(_ run: PluginRun, nanoseconds: UInt64) {}

    func fault(_ fault: PluginFault) { outgoing.send(.fault(fault)) }

    func write(_ level: LogLevel, _ text: String, of run: PluginRun?) { outgoing.send(.log(run: run?.number, level, text)) }
}
