import CPostern
import Mail
import PluginLoader
import Synchronization
import WorkerLink

/// A worker as a home of runs: what they ask for goes to the gateway.
final class WorkerHome: RunHome {
    private let outgoing: Outgoing
    private let board: CallBoard
    private let lastMetric = Atomic<UInt32>(0)
    private let runs = Mutex<[UInt64: Entry]>([:])

    /// A run under way. `asked` and `steps` belong to the run's own serial place.
    final class Entry: @unchecked Sendable {
        let run: PluginRun
        var asked: [(operation: UInt64, request: ServiceRequest)] = []
        var steps: UInt32 = 0
        /// What `cancel` may end without waiting for a thread: 0 waits, 1 is in a call, 2 is over.
        let progress = Atomic(0)
        init(_ run: PluginRun) { self.run = run }
    }

    init(_ outgoing: Outgoing, _ board: CallBoard) {
        self.outgoing = outgoing
        self.board = board
    }

    func add(_ run: PluginRun) { runs.withLock { $0[run.number] = Entry(run) } }

    func run(_ number: UInt64) -> PluginRun? { runs.withLock { $0[number]?.run } }

    private func entry(_ number: UInt64) -> Entry? { runs.withLock { $0[number] } }

    /// An event of a run, on its place.
    func receive(_ event: FilterRunEvent, of number: UInt64) {
        switch event {
        case .detached(let phase): outgoing.send(.detached(run: number, joinBefore: phase))
        case .finished(let verdict):
            guard let entry = runs.withLock({ $0.removeValue(forKey: number) }) else { return }
            outgoing.send(.finished(run: number, WorkerFindings(verdict, steps: entry.steps)))
        }
    }

    // MARK: RunHome

    /// Inside a step, so it can wait for the step's end: then all go together.
    func perform(_ request: ServiceRequest, operation: UInt64, for run: PluginRun) -> any ServiceWork {
        entry(run.number)?.asked.append((operation, request))
        return RemoteWork(home: self, run: run.number, operation: operation)
    }

    private struct RemoteWork: ServiceWork {
        let home: WorkerHome
        let run: UInt64
        let operation: UInt64
        func cancel() { home.giveUp(operation, of: run) }
    }

    /// On the run's place.
    private func giveUp(_ operation: UInt64, of run: UInt64) {
        guard let entry = entry(run) else { return }
        if let place = entry.asked.firstIndex(where: { $0.operation == operation }) {
            entry.asked.remove(at: place)
        } else {
            outgoing.send(.giveUp(run: run, operation: operation))
        }
    }

    /// Ends a cancelled run for the gateway at once when the plugin is not in a call of it: a pool that is busy with others is no fault of its.
    func end(_ run: PluginRun) {
        guard let entry = entry(run.number),
            entry.progress.compareExchange(expected: 0, desired: 2, ordering: .sequentiallyConsistent).exchanged
        else { return }
        receive(.finished(Verdict(filter: run.facts.slotName, phase: run.facts.phase, result: .cancelled)), of: run.number)
    }

    func watch(_ run: PluginRun, _ body: () -> postern_step) -> postern_step {
        let entry = entry(run.number)
        let isOurs = entry?.progress.compareExchange(expected: 0, desired: 1, ordering: .sequentiallyConsistent).exchanged ?? false
        let place = board.enter(run.number)
        let step = body()
        board.leave(place)
        if isOurs { entry?.progress.store(0, ordering: .sequentiallyConsistent) }
        guard let entry else { return step }
        entry.steps += 1
        // Those with much to say go by themselves: a record has its bound.
        var piece: [(operation: UInt64, request: ServiceRequest)] = []
        var bytes = 0
        for asked in entry.asked {
            if bytes + asked.request.bytes > 256 << 10 || piece.count == 128, !piece.isEmpty {
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
