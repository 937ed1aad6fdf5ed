import Foundation
import Mail

/// A call of a filter that does nothing, from its start to its verdict, seen from a session's loop.
struct CallBenchmark {
    private let bench: PluginBench
    private let count: Int

    init(_ bench: PluginBench, count: Int) {
        self.bench = bench
        self.count = count
    }

    func run() throws {
        let call = bench.call(try bench.message(4096))
        for home in [FilterManifest.Home.host, .worker] {
            let instance = try bench.instance(of: "nothing", in: home)
            let pids = home == .worker ? bench.worker(of: "nothing").map { [$0] } ?? [] : []
            func measure(_ count: Int, underWay: Int, loops: Int = 1) -> Measurement {
                Measurement(
                    (0..<loops).map { Load([[instance]], [call], on: bench.loops[$0], count: count / loops, underWay: underWay) },
                    workers: pids)
            }
            _ = measure(count / 10, underWay: 1)
            report("| \(home.rawValue), 1 at once | \(measure(count, underWay: 1).row) |")
            if home == .host {
                // A call holds its loop: more at once are so many loops.
                report("| host, 2 loops | \(measure(count, underWay: 1, loops: 2).row) |")
            } else {
                for underWay in [8, 64] { report("| worker, \(underWay) at once | \(measure(count, underWay: underWay).row) |") }
                report("| worker, 2 loops with 8 each | \(measure(count, underWay: 8, loops: 2).row) |")
            }
        }
    }
}
