import Foundation
import Mail

/// A message through a hundred filters.
struct PipelineBenchmark {
    private static let length = 100
    private let bench: PluginBench
    private let count: Int

    init(_ bench: PluginBench, count: Int) {
        self.bench = bench
        self.count = max(50, count / 100)
    }

    func run() throws {
        let call = bench.call(try bench.message(4096))
        for home in [FilterManifest.Home.host, .worker] {
            let instances = try (1...Self.length).map { try bench.instance(of: "nothing", in: home, #"{"number": \#($0)}"#) }
            let pids = home == .worker ? bench.worker(of: "nothing").map { [$0] } ?? [] : []
            measure("\(home.rawValue), 100 filters one after the other", instances.map { [$0] }, call, pids)
            if home == .worker { measure("worker, 100 filters together", [instances], call, pids) }
        }
        let plugins = (0..<Self.length).map { "nothing-\($0 / 10)\($0 % 10)" }
        let apart = try plugins.map { try bench.instance(of: $0, in: .worker) }
        let pids = plugins.compactMap { bench.worker(of: $0) }
        measure("100 workers, one after the other", apart.map { [$0] }, call, pids)
        measure("100 workers, together", [apart], call, pids)
        let memory = pids.map(ProcessUse.memory)
        let shared = memory.reduce(0) { $0 + ($1["Pss"] ?? 0) }
        let own = memory.reduce(0) { $0 + ($1["Private_Clean"] ?? 0) + ($1["Private_Dirty"] ?? 0) }
        report("\n\(pids.count) workers take \(shared / 1024) MB (PSS), \(own / max(1, pids.count)) KiB each of their own")
    }

    private func measure(_ name: String, _ steps: [[any FilterInstance]], _ call: FilterCall, _ pids: [Int32]) {
        func measure(_ count: Int) -> Measurement {
            Measurement([Load(steps, [call], on: bench.loops[0], count: count, underWay: 1)], workers: pids)
        }
        _ = measure(count / 10 + 1)
        report("| a message: \(name) | \(measure(count).row) |")
    }
}
