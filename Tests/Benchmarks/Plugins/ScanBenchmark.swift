import Foundation
import Mail

/// Files as messages through a real filter, each once.
struct ScanBenchmark {
    private let bench: PluginBench
    private let plugin: String
    private let underWay: Int
    private let settings: String

    init(_ bench: PluginBench, plugin: String, settings: String, underWay: Int) {
        self.bench = bench
        self.plugin = plugin
        self.settings = settings
        self.underWay = underWay
    }

    func run(_ files: [[UInt8]]) throws {
        let instance = try bench.instance(of: plugin, in: nil, settings)
        let pids = bench.worker(of: plugin).map { [$0] } ?? []
        let calls = try files.map { file in
            var builder = RegionBuilder(capacity: file.count, spool: bench.store.spool)
            file.withUnsafeBytes { builder.append($0) }
            return bench.call(try builder.seal())
        }
        let result = Measurement([Load([[instance]], calls, on: bench.loops[0], count: calls.count, underWay: underWay)], workers: pids)
        for failure in result.failures { print(failure) }
        ScanFigures(
            perSecond: result.perSecond, p50: result.times[result.times.count / 2], p99: result.times[result.times.count * 99 / 100],
            own: result.own / UInt64(files.count), scanner: result.workers / UInt64(files.count), found: result.found
        ).write()
    }
}
